#include "cli/restarts.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kRestartsMax = 5;  // of each, a minute

}  // namespace

bool Restarts::may(const Child& child) {
  const Clock::time_point now = Clock::now();
  std::deque<Clock::time_point>& restarts = of_last_minute_[child.name()];
  while (!restarts.empty() && restarts.front() < now - std::chrono::minutes(1)) restarts.pop_front();
  const std::string ended = child.name() + " ended with exit code " + std::to_string(child.code());
  const bool may = child.code() != 0 && restarts.size() < kRestartsMax;
  if (may) restarts.push_back(now);
  if (may)
    environment_.say(ended + ": it starts again");
  else
    environment_.say(ended + (child.code() != 0 ? ", too often to start again" : ""));
  return may;
}

}  // namespace zonda::cli
