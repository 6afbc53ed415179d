// The indices of an array job: "0-99", "1-10:2", "3", "0-9,20-29".
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace zonda::cli {

inline constexpr std::uint64_t kArrayTasksMax = 10'000'000;

// Each index once, ascending within a range, ranges in the order given. Throws Complaint (usage).
std::vector<std::uint64_t> parse_array(std::string_view text);

}  // namespace zonda::cli
