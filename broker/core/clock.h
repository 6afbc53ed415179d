// The time of one turn. Leases, grace and backoff use `steady`; only what people read or what outlives the
// process uses `utc`.
#pragma once

#include <chrono>
#include <cstdint>

namespace zonda {

using TimePoint = std::chrono::steady_clock::time_point;
using UtcTime = std::chrono::system_clock::time_point;

struct Now {
  TimePoint steady;
  UtcTime utc;
};

// Of a JobSpec: at most ten years, since longer ones are refused.
inline std::chrono::milliseconds milliseconds_of(std::uint64_t count) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(count));
}

}  // namespace zonda
