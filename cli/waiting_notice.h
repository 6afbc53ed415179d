// Notices that work waits which nobody can take, or that the broker is away, so that people need not guess.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "cli/broker_link.h"

namespace zonda::cli {

class WaitingNotice {
 public:
  using Clock = std::chrono::steady_clock;

  explicit WaitingNotice(BrokerLink& link) : link_(link) {}

  // Something came back: somebody takes it.
  void progressed(Clock::time_point now) { next_ = now + kPatience; }
  // `task` is the first that has not ended. After two silent seconds the broker is asked why; what it says is
  // given once. Blocks for a quarter of a second at most.
  std::optional<std::string> check(const TaskId& task, Clock::time_point now);
  // Says once that there is no connection, after two seconds without, and once that there is one again.
  std::optional<std::string> check_connection(Clock::time_point now);
  // Nobody serves the function yet; `hint` may say what else was meant.
  std::optional<std::string> check_served(const std::string& function, const std::string& hint,
                                          Clock::time_point now);

 private:
  static constexpr std::chrono::seconds kPatience{2};
  static constexpr std::chrono::milliseconds kAnswerWithin{250};

  std::optional<std::string> say_once(const std::string& why);

  BrokerLink& link_;
  Clock::time_point next_ = Clock::now() + kPatience;
  std::string said_;
  bool said_away_ = false;
};

}  // namespace zonda::cli
