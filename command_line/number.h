// Numbers of command lines and files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace zonda::cli {

// Throws Complaint (usage), naming `what`.
std::uint64_t parse_number(std::string_view text, const std::string& what, std::uint64_t max,
                           std::uint64_t min = 0);

}  // namespace zonda::cli
