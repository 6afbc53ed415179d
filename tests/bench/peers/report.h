// What each program here prints on stdout, one line of JSON; compare.py reads it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
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

inline void expect(bool right, const char* what) {
  if (!right) throw std::runtime_error(what);
}

}  // namespace zonda::bench
