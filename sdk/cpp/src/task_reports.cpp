#include "sdk/cpp/src/task_reports.h"

#include <optional>
#include <utility>

#include "proto/report.h"

namespace zonda {

TaskReport report_of(std::uint8_t kind, std::string_view payload) {
  if (!payload.empty()) {
    if (std::optional<TaskReport> report = decode_report(payload)) return *std::move(report);
    return report_of(TaskReport::failed, "DecodeError", "the report of a failure cannot be read");
  }
  TaskReport report;
  report.kind = kind >= TaskReport::failed && kind <= TaskReport::expired
                    ? static_cast<TaskReport::Kind>(kind)
                    : TaskReport::failed;
  if (report.kind == TaskReport::expired) report.message = "it was not done before its deadline";
  return report;
}

TaskReport report_of(TaskReport::Kind kind, std::string type, std::string message) {
  TaskReport report;
  report.kind = kind;
  report.type = std::move(type);
  report.message = std::move(message);
  return report;
}

TaskReport client_ended() {
  return report_of(TaskReport::cancelled, {}, "the client ended before the task did");
}

}  // namespace zonda
