// What `zonda bench` calls. Every worker started by this program serves them.
#pragma once

#include <zonda/function.h>

#include <cstdint>
#include <string>

namespace zonda::cli::bench {

inline constexpr Function<std::int64_t(std::int64_t)> kEchoNumber{"zonda.bench.number"};
inline constexpr Function<std::string(std::string)> kEchoText{"zonda.bench.text"};

// Busy, or asleep, for so many microseconds by the clock.
inline constexpr Function<std::int64_t(std::int64_t)> kSpin{"zonda.bench.spin"};
inline constexpr Function<std::int64_t(std::int64_t)> kSleep{"zonda.bench.sleep"};

}  // namespace zonda::cli::bench
