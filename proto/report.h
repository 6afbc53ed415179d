// TaskReport as bytes: the payload of every outcome that is not a value. A msgpack map, so that fields can be
// added.
#pragma once

#include <zonda/task_report.h>

#include <optional>
#include <string>
#include <string_view>

namespace zonda {

std::string encode_report(const TaskReport& report);
// The same with what else `told` has, the encoded report it was made from: what a command wrote before it
// failed travels in fields that TaskReport does not know.
std::string encode_report(const TaskReport& report, std::string_view told);
std::optional<TaskReport> decode_report(std::string_view bytes);  // empty if the bytes are not one

// A report that also carries what the task produced (the key "result"; decode_report skips it): a command
// that failed keeps its output.
std::string encode_report_with_result(const TaskReport& report, std::string_view result);
// The carried result; empty if there is none or the bytes are not a report.
std::string_view result_of_report(std::string_view report_bytes);

}  // namespace zonda
