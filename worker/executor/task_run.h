// Runs one task and catches whatever comes out of it.
#pragma once

#include <zonda/detail/handler.h>
#include <zonda/task_report.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace zonda {

// Thrown by built-in functions to end with a report of their own. Not a std::exception, so that user code
// which catches those does not swallow it.
struct TaskEnded {
  TaskReport::Kind kind = TaskReport::failed;
  std::string report;  // encoded
};

// Appends the outcome to `out`: the encoded result, or an encoded report. Returns kValue or the report's
// kind. Nothing leaves it but the unwinding of pthread_exit, which must not be stopped.
std::uint8_t run_task(const detail::Handler& handler, detail::TaskControl& control,
                      std::string_view arguments, detail::Output& out);

// For work whose function is not served here.
std::string report_unknown_function(std::string_view name, std::string_view signature);

}  // namespace zonda
