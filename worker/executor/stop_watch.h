// Turns the stop word of a SlotPage into a std::stop_token, for handlers that ask for one.
#pragma once

#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>

#include "worker/executor/slot_page.h"

namespace zonda {

// Its thread starts with the first token asked for: most handlers never do. Callbacks of tokens run on it.
class StopWatch {
 public:
  explicit StopWatch(SlotPage& page) : page_(page) {}
  ~StopWatch();

  std::stop_token token_of(std::uint64_t task);

 private:
  void watch();

  SlotPage& page_;
  std::mutex mutex_;
  std::stop_source source_{std::nostopstate};
  std::uint64_t task_ = 0;
  bool leaving_ = false;
  std::thread thread_;
};

// The agent's side: asks this task, and no other, to stop.
void ring_stop_bell(SlotPage& page, std::uint64_t task);

}  // namespace zonda
