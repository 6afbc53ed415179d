// Rows as people know what they hold.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace zonda {

// "row 12 (a batch of job 01j…, tasks [0,64))". Says what it can of a damaged one.
std::string describe_row(std::uint64_t row, std::string_view meta);

}  // namespace zonda
