// Outcomes that are not values, as bytes.
#pragma once

#include <zonda/task_report.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace zonda {

inline constexpr std::uint8_t kValue = 0;  // in a column of kinds; everything else is a TaskReport::Kind

// What becomes of a task that was asked to stop, whatever it returned: the new kind, with the details it
// left.
std::string restated_as(TaskReport::Kind kind, std::uint8_t was, std::string_view payload);

}  // namespace zonda
