// Waits for what comes soon without going to sleep.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

namespace zonda {

// A core without a thread to run sleeps, too, and the answer to a single call wakes one thread after another
// on its way: with a core kept awake it takes a quarter less time (docs/performance.md). So a wait gives way
// to others, again and again, for a moment before it sleeps. Waits that are longer than that do it ever less
// often, and one thread at a time does it at all: it costs no more than a part of one core. Thread-safe.
class AwakeWait {
 public:
  static constexpr std::chrono::microseconds kMoment{500};

  // True once `is_over` says so; false if that takes longer than a moment, or this wait is not worth it.
  bool until(const std::function<bool()>& is_over, std::chrono::steady_clock::time_point latest);

 private:
  std::atomic<bool> taken_ = false;
  // Of who has taken it:
  unsigned left_out_ = 0;  // as many waits are left out after one that was in vain
  unsigned skip_ = 0;
};

}  // namespace zonda
