#include "worker/executor/outcome.h"

#include "proto/report.h"

namespace zonda {

std::string restated_as(TaskReport::Kind kind, std::uint8_t was, std::string_view payload) {
  TaskReport report;
  if (was != kValue) report = decode_report(payload).value_or(TaskReport{});
  report.kind = kind;
  report.type = to_string(kind);
  report.message = kind == TaskReport::timed_out ? "took longer than its timeout" : "cancelled while it ran";
  const std::string_view result = was == kValue ? std::string_view{} : result_of_report(payload);
  return result.empty() ? encode_report(report) : encode_report_with_result(report, result);
}

}  // namespace zonda
