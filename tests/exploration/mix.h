// Digests of small things.
#pragma once

#include <cstdint>

#include "tests/simulation/sim_clock.h"

namespace zonda::sim {

inline std::uint64_t mix(std::uint64_t digest, std::uint64_t value) {
  value = (value + 0x9e3779b97f4a7c15ULL + digest) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 29) ^ (digest << 17)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 32) ^ (digest * 0xd6e8feb86659fd93ULL);
}

inline std::uint64_t mix(std::uint64_t digest, TimePoint time) {
  return mix(digest, static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

}  // namespace zonda::sim
