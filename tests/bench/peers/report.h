// What each program here prints on stdout, one line of JSON; compare.py reads it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace zonda::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

inline void print_rate(std::uint64_t tasks, double seconds) {
  std::printf("{\"tasks\": %llu, \"seconds\": %.6f}\n", static_cast<unsigned long long>(tasks), seconds);
}

// Of round trips of one task each, in seconds; not empty.
inline void print_latencies(std::vector<double> latencies) {
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double share) {
    return 1e6 * latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))];
  };
  std::printf("{\"p50_us\": %.2f, \"p99_us\": %.2f}\n", at(0.5), at(0.99));
}

// `call(count, at_once)` has so many tasks done, so many of them on their way. `what`: throughput, or
// latency.
template <class Call>
void measure(std::string_view what, std::uint64_t count, std::uint64_t at_once, Call call) {
  call(100, 1);  // connected and warm
  if (what == "throughput") {
    const auto began = Clock::now();
    call(count, at_once);
    return print_rate(count, seconds_since(began));
  }
  std::vector<double> latencies;
  while (latencies.size() < count) {
    const auto began = Clock::now();
    call(1, 1);
    latencies.push_back(seconds_since(began));
  }
  print_latencies(std::move(latencies));
}

inline void expect(bool right, const char* what) {
  if (!right) throw std::runtime_error(what);
}

}  // namespace zonda::bench
