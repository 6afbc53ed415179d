// An executor whose tasks take virtual time and do what their arguments say.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <vector>

#include "tests/simulation/sim_clock.h"
#include "tests/simulation/sim_task.h"
#include "worker/executor/executor.h"

namespace zonda::sim {

class SimExecutor : public Executor {
 public:
  SimExecutor(SimClock& clock, int slots) : clock_(clock), slots_(static_cast<std::size_t>(slots)) {}

  int slots() const override { return static_cast<int>(slots_.size()); }
  void start(int slot, Work work) override;
  void stop(int slot, const TaskId& task, StopReason reason, TimePoint now) override;
  void drop(const JobId& job, std::uint64_t first, std::uint64_t count, Token token) override;
  void hold_results(bool hold) override { holds_ = hold; }
  void output_room(int, const TaskId&, std::uint64_t) override {}
  std::optional<Running> running(int slot) const override;
  std::vector<ExecutorEvent> take_events(TimePoint now) override;
  int event_fd() const override { return -1; }
  std::optional<TimePoint> next_deadline() const override;
  // The task that took the whole process down, if one did: nothing of it is heard any more.
  const std::optional<TaskId>& killer() const { return killer_; }

 private:
  struct Held {
    Work work;
    std::set<std::uint32_t> dropped;  // values that are not to run
  };
  struct Slot {
    std::deque<Held> works;
    std::uint32_t at = 0;            // value of the front Work that runs
    TimePoint since;                 // it runs since
    TimePoint until;                 // and ends at
    std::optional<StopReason> stop;  // it was asked to
  };

  void begin(Slot& slot, TimePoint now);
  void skip_dropped(Slot& slot);
  bool may_end(const Slot& slot) const;
  void end(int number, Slot& slot, std::vector<ExecutorEvent>& events);
  std::string_view arguments(const Work& work, std::uint32_t at) const;

  SimClock& clock_;
  std::vector<Slot> slots_;
  std::vector<ExecutorEvent> events_;
  bool holds_ = false;  // whoever has ended waits for its result to be taken
  std::optional<TaskId> killer_;
};

}  // namespace zonda::sim
