// How many workers a pool may have, and when it needs more: what `zonda scale` changes.
#pragma once

#include <chrono>
#include <cstdint>

namespace zonda::cli {

inline constexpr std::uint64_t kPoolWorkersMax = 10'000;

struct PoolSize {
  std::uint64_t min = 0;
  std::uint64_t max = 1;
  std::chrono::milliseconds target_wait{30'000};  // tasks should wait no longer

  friend bool operator==(const PoolSize&, const PoolSize&) = default;
};

}  // namespace zonda::cli
