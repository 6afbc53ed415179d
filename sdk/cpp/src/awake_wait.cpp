#include "sdk/cpp/src/awake_wait.h"

#include <sched.h>

#include <algorithm>

namespace zonda {

using std::chrono::steady_clock;

namespace {
constexpr unsigned kLeftOutMax = 127;
}

bool AwakeWait::until(const std::function<bool()>& is_over, steady_clock::time_point latest) {
  if (taken_.exchange(true, std::memory_order_acquire)) return false;
  bool over = false;
  if (skip_ > 0) {
    --skip_;
  } else {
    latest = std::min(latest, steady_clock::now() + kMoment);
    while (!(over = is_over()) && steady_clock::now() < latest) sched_yield();
    left_out_ = over ? 0 : std::min(2 * left_out_ + 1, kLeftOutMax);
    skip_ = left_out_;
  }
  taken_.store(false, std::memory_order_release);
  return over;
}

}  // namespace zonda
