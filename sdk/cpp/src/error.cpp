#include <zonda/error.h>

#include <string_view>

namespace zonda {
namespace {

// A message may come from anywhere; what() stays one line.
std::string one_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

std::string where(const TaskReport& report) {
  std::string text;
  const auto add = [&text](std::string_view before, std::string_view value) {
    if (value.empty()) return;
    if (!text.empty()) text += ' ';
    text.append(before).append(value);
  };
  add("worker ", report.worker);
  add("on host ", report.host);
  if (report.attempts > 0)
    text += (text.empty() ? "attempt " : ", attempt ") + std::to_string(report.attempts);
  return text;
}

// The broker refused or did not answer: no task ran, so there is nothing to say but the message.
std::string reason(const TaskReport& report) {
  return report.message.empty() ? describe(report) : one_line(report.message);
}

}  // namespace

std::string describe(const TaskReport& report) {
  std::string text = to_string(report.kind);
  const bool says_more = report.type != text && report.kind != TaskReport::crashed;
  if (!report.type.empty() && says_more) text += ": " + one_line(report.type);
  if (!report.message.empty()) text += ": " + one_line(report.message);
  if (const std::string place = where(report); !place.empty()) text += " (" + one_line(place) + ")";
  return text;
}

TaskError::TaskError(TaskReport report)
    : Error(describe(report)), report_(std::make_shared<const TaskReport>(std::move(report))) {}

void throw_report(const TaskReport& report) {
  switch (report.kind) {
    case TaskReport::failed: throw TaskFailed(report);
    case TaskReport::crashed: throw TaskCrashed(report);
    case TaskReport::timed_out:
    case TaskReport::expired: throw TaskTimedOut(report);
    case TaskReport::cancelled: throw TaskCancelled(report);
    case TaskReport::lost: throw TaskLost(report);
    case TaskReport::rejected:
      if (report.type == "unauthorized") throw Unauthorized(reason(report));
      throw Rejected(reason(report));
    case TaskReport::unreachable: throw Unreachable(reason(report));
  }
  throw TaskError(report);
}

}  // namespace zonda
