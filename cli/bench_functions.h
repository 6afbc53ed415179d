// What `zonda bench` calls. Every worker started by this program serves them.
#pragma once

#include <zonda/function.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace zonda::cli::bench {

inline constexpr Function<std::int64_t(std::int64_t)> kEchoNumber{"zonda.bench.number"};
inline constexpr Function<std::string(std::string)> kEchoText{"zonda.bench.text"};

// Busy, or asleep, for so many microseconds by the clock.
inline constexpr Function<std::int64_t(std::int64_t)> kSpin{"zonda.bench.spin"};
inline constexpr Function<std::int64_t(std::int64_t)> kSleep{"zonda.bench.sleep"};

// A text that is taken, or given; what comes back tells whether all of it was there.
inline constexpr Function<std::uint64_t(std::string)> kTake{"zonda.bench.take"};
inline constexpr Function<std::string(std::uint64_t, std::uint64_t)> kGive{"zonda.bench.give"};

std::string text_of(std::uint64_t index, std::uint64_t bytes);
std::uint64_t mark_of(std::uint64_t index, std::uint64_t bytes);
std::uint64_t mark_of(std::string_view text);  // that of its index and bytes, or none

}  // namespace zonda::cli::bench
