// Says when tasks start, at a few nanoseconds a task.
#pragma once

#include <time.h>

#include <cstdint>

namespace zonda {

inline std::int64_t read_clock_ns(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}
inline std::int64_t monotonic_ns() { return read_clock_ns(CLOCK_MONOTONIC); }

// A clock read costs 20 ns, the coarse clock 3 ns (it moves every 1 to 10 ms). So: read exactly while tasks
// are slow, every few tasks while they are fast, and always when the coarse clock has moved. What tick() says
// is never late; it is early by at most some 20 µs among fast tasks, and by one coarse tick after a sudden
// slow one.
class TaskClock {
 public:
  std::int64_t tick() {
    const std::int64_t coarse = read_clock_ns(CLOCK_MONOTONIC_COARSE);
    if (--left_ > 0 && coarse == coarse_) return now_;
    coarse_ = coarse;
    return read();
  }
  // Exactly now.
  std::int64_t read() {
    const std::int64_t before = now_;
    now_ = monotonic_ns();
    if (now_ - before > kSlowNs)
      stride_ = 1;
    else if (now_ - before < kFastNs && stride_ < kStrideMax)
      stride_ *= 2;
    left_ = stride_;
    return now_;
  }

 private:
  static constexpr std::int64_t kFastNs = 8'000;
  static constexpr std::int64_t kSlowNs = 20'000;
  static constexpr int kStrideMax = 64;

  std::int64_t now_ = 0;
  std::int64_t coarse_ = 0;
  int stride_ = 1;
  int left_ = 1;
};

}  // namespace zonda
