// Which of one's children start again when they end: those that failed, and not without end.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <string>

#include "cli/child.h"
#include "cli/environment.h"

namespace zonda::cli {

class Restarts {
 public:
  explicit Restarts(Environment& environment) : environment_(environment) {}

  // Of one that has ended; says what becomes of it. One that was told to leave stays away, and one that dies
  // again and again has a reason.
  bool may(const Child& child);

 private:
  Environment& environment_;
  std::map<std::string, std::deque<std::chrono::steady_clock::time_point>> of_last_minute_;
};

}  // namespace zonda::cli
