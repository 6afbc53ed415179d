// An executor that does what the test says, and remembers what it was asked.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "worker/executor/executor.h"

namespace zonda {

class FakeExecutor : public Executor {
 public:
  explicit FakeExecutor(int slots) : works_(static_cast<std::size_t>(slots)) {}

  int slots() const override { return static_cast<int>(works_.size()); }
  void start(int slot, Work work) override;
  void stop(int slot, const TaskId& task, StopReason reason, TimePoint now) override;
  void drop(const JobId& job, std::uint64_t first, std::uint64_t count, Token token) override;
  void output_room(int slot, const TaskId& task, std::uint64_t upto) override;
  std::optional<Running> running(int slot) const override;
  std::vector<ExecutorEvent> take_events(TimePoint now) override;
  void hold_results(bool hold) override { holds_ = hold; }
  int event_fd() const override { return -1; }
  std::optional<TimePoint> next_deadline() const override { return std::nullopt; }

  // What happens: the next `count` tasks of the slot end, each after so long.
  void finish(int slot, std::uint64_t count, std::chrono::microseconds each, const std::string& value = "v");
  void fail(int slot, std::uint8_t kind);
  void say_progress(int slot, std::uint64_t done);
  bool holds_results() const { return holds_; }
  void begin_at(TimePoint since) { since_ = since; }  // of what runs now and next
  // "slot 0: [0,3)", "stop 0/1 timed out", …, since the last call.
  std::vector<std::string> took_calls() { return std::exchange(calls_, {}); }

 private:
  struct InSlot {
    Work work;
    std::uint64_t done = 0;
  };
  std::vector<std::deque<InSlot>> works_;
  std::vector<ExecutorEvent> events_;
  std::vector<std::string> calls_;
  bool holds_ = false;
  TimePoint since_{};
};

}  // namespace zonda
