#include "sdk/cpp/src/awake_wait.h"

#include <sched.h>

#include <algorithm>
#include <atomic>

namespace zonda {

using std::chrono::steady_clock;

namespace {
constexpr unsigned kLeftOutMax = 127;

std::atomic<bool> somebody_is_awake = false;
}  // namespace

bool AwakeWait::until(const std::function<bool()>& is_over, steady_clock::time_point latest) {
  const auto end = steady_clock::now() + moment_;
  if (latest < end) return false;
  if (skip_ > 0) {
    --skip_;
    return false;
  }
  if (somebody_is_awake.exchange(true, std::memory_order_relaxed)) return false;
  bool over = false;
  while (!(over = is_over()) && steady_clock::now() < end) sched_yield();
  somebody_is_awake.store(false, std::memory_order_relaxed);
  left_out_ = over ? 0 : std::min(2 * left_out_ + 1, kLeftOutMax);
  skip_ = left_out_;
  return over;
}

}  // namespace zonda
