// What a broker has counted since it was started.
#pragma once

#include <cstdint>

namespace zonda {

struct BrokerCounters {
  std::uint64_t tasks_accepted = 0;
  std::uint64_t tasks_dispatched = 0;
  std::uint64_t tasks_done = 0;    // with a value
  std::uint64_t tasks_failed = 0;  // with anything else, but for
  std::uint64_t tasks_cancelled = 0;
  std::uint64_t tasks_retried = 0;
  std::uint64_t tasks_returned = 0;
  std::uint64_t tasks_lost = 0;
  std::uint64_t results_stale = 0;  // outcomes of attempts that were overtaken
  std::uint64_t frames_bad = 0;
  std::uint64_t frames_refused = 0;  // of peers without a session
  std::uint64_t keys_refused = 0;    // connections whose key may not come
  std::uint64_t gaps = 0;
  std::uint64_t workers_lost = 0;
};

}  // namespace zonda
