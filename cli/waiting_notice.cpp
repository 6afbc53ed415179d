#include "cli/waiting_notice.h"

namespace zonda::cli {

std::optional<std::string> WaitingNotice::check(const TaskId& task, Clock::time_point now) {
  if (now < next_) return std::nullopt;
  next_ = now + kPatience;
  try {
    const Json answer = link_.ask("task.explain", {{"job", to_string(task.job)}, {"index", task.index}});
    const std::string why = answer.value("why", "");
    if (!why.starts_with("no worker") || why == said_) return std::nullopt;
    said_ = why;
    return "waiting: " + why;
  } catch (const Complaint&) {  // over by now, or the broker is away: then that is told elsewhere
    return std::nullopt;
  }
}

}  // namespace zonda::cli
