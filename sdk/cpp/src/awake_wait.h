// Waits for what comes soon without going to sleep.
#pragma once

#include <chrono>
#include <functional>

namespace zonda {

// A core without a thread to run sleeps, too, and the answer to a single call wakes one thread after another
// on its way: with a core kept awake it takes a third less time (docs/performance.md). So a wait gives way to
// others, again and again, for a moment before it sleeps. One for each thread that waits: where waits last
// longer it does so ever less often. One thread of the process at a time does it at all.
class AwakeWait {
 public:
  explicit AwakeWait(std::chrono::microseconds moment = std::chrono::microseconds(1000)) : moment_(moment) {}

  // True once `is_over` says so; false if that takes longer than a moment, or this wait is not worth it: it
  // may not last a moment, or is one of those that are left out.
  bool until(const std::function<bool()>& is_over, std::chrono::steady_clock::time_point latest);

 private:
  std::chrono::microseconds moment_;
  unsigned left_out_ = 0;  // so many waits are left out after one that was in vain
  unsigned skip_ = 0;      // and so many of them are still to come
};

}  // namespace zonda
