// Notices that work waits which nobody can take, so that people need not guess.
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
  // given once.
  std::optional<std::string> check(const TaskId& task, Clock::time_point now);

 private:
  static constexpr std::chrono::seconds kPatience{2};

  BrokerLink& link_;
  Clock::time_point next_ = Clock::now() + kPatience;
  std::string said_;
};

}  // namespace zonda::cli
