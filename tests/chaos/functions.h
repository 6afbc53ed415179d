// What chaos clients ask for and chaos workers do. Every answer follows from its question, so whoever asked
// can check it.
#pragma once

#include <zonda/function.h>

#include <cstdint>
#include <string>
#include <tuple>

namespace chaos {

// Works for so many microseconds without using a processor, then answers answer_to(number, padding).
inline constexpr zonda::Function<std::string(std::uint64_t, std::uint32_t, std::string)> mix{"chaos.mix"};
// Runs until the named file exists, and answers the number.
inline constexpr zonda::Function<std::uint64_t(std::uint64_t, std::string)> hold{"chaos.hold"};

using Question = std::tuple<std::uint64_t, std::uint32_t, std::string>;  // the arguments of mix

inline std::uint64_t scrambled(std::uint64_t number) {  // splitmix64
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

inline std::string answer_to(std::uint64_t number, const std::string& padding) {
  return std::to_string(scrambled(number)) + padding;
}

}  // namespace chaos
