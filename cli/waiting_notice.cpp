#include "cli/waiting_notice.h"

namespace zonda::cli {

std::optional<std::string> WaitingNotice::check(const TaskId& task, Clock::time_point now) {
  if (now < next_ || said_away_) return std::nullopt;
  const std::optional<Json> answer =
      link_.try_ask("task.explain", {{"job", to_string(task.job)}, {"index", task.index}}, kAnswerWithin);
  next_ = Clock::now() + kPatience;
  if (!answer) return std::nullopt;  // it is over by now, or the broker is busy or away
  const std::string why = answer->value("why", "");
  return why.starts_with("no worker") ? say_once(why) : std::nullopt;
}

std::optional<std::string> WaitingNotice::check_connection(Clock::time_point now) {
  if (link_.silence() < kPatience) {
    if (!std::exchange(said_away_, false)) return std::nullopt;
    next_ = now + kPatience;
    return "connected to the broker " + link_.address() + " again";
  }
  if (std::exchange(said_away_, true)) return std::nullopt;
  return "waiting: no connection to the broker " + link_.address() + ", trying again";
}

std::optional<std::string> WaitingNotice::check_served(const std::string& function, const std::string& hint,
                                                       Clock::time_point now) {
  if (now < next_) return std::nullopt;
  return say_once("no worker serves the function " + function + (hint.empty() ? "" : "; " + hint));
}

std::optional<std::string> WaitingNotice::say_once(const std::string& why) {
  if (why == said_) return std::nullopt;
  said_ = why;
  return "waiting: " + why;
}

}  // namespace zonda::cli
