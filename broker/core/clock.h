// The time of one turn. Leases, grace and backoff use `steady`; only what people read or what outlives the
// process uses `utc`.
#pragma once

#include <chrono>

namespace zonda {

using TimePoint = std::chrono::steady_clock::time_point;
using UtcTime = std::chrono::system_clock::time_point;

struct Now {
  TimePoint steady;
  UtcTime utc;
};

}  // namespace zonda
