// Reports of outcomes that are not values: those that came, and those made here.
#pragma once

#include <zonda/task_report.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace zonda {

// An empty payload says no more than the kind.
TaskReport report_of(std::uint8_t kind, std::string_view payload);
TaskReport report_of(TaskReport::Kind kind, std::string type, std::string message);
TaskReport client_ended();

}  // namespace zonda
