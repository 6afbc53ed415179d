// Slots that are threads of the agent: for trusted, tiny or I/O-bound tasks.
//
// Stopping is cooperative, and a crash takes the agent with it. A task that ignores its stop flag runs on: it
// is answered as stopped and its slot gets another thread, but its own stays, and is_stuck() says so.
// The destructor asks running tasks to stop and waits for them (`leave_grace`); threads still in user code
// then are left behind and the memory they use with them. Who destroys an executor with tasks in it, or one
// that is stuck, must leave the process by _exit(), since a normal exit would destroy globals under that
// code.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "worker/executor/executor.h"
#include "worker/executor/handlers.h"

namespace zonda {

class SlotThread;
class ThreadNews;

class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor(int slots, Handlers handlers,
                 std::chrono::milliseconds leave_grace = std::chrono::seconds(1));
  ~ThreadExecutor() override;

  int slots() const override { return static_cast<int>(slots_.size()); }
  void start(int slot, Work work) override;
  void stop(int slot, const TaskId& task, StopReason reason, TimePoint now) override;
  void drop(const JobId& job, std::uint64_t first, std::uint64_t count, Token token) override;
  void output_room(int slot, const TaskId& task, std::uint64_t upto) override;
  std::optional<Running> running(int slot) const override;
  std::vector<ExecutorEvent> take_events(TimePoint now) override;
  int event_fd() const override;
  std::optional<TimePoint> next_deadline() const override;
  bool is_stuck() const override;

 private:
  struct Slot;

  void hand_over(Slot& slot);
  void start_thread(Slot& slot, int number);
  void wake_up_if(bool something_happened);
  void abandon_if_deaf(Slot& slot, int number, TimePoint now);

  std::shared_ptr<const Handlers> handlers_;  // shared with threads that may outlive us
  std::shared_ptr<ThreadNews> news_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::shared_ptr<SlotThread>> abandoned_;  // in tasks that do not stop
  std::vector<ExecutorEvent> events_;
  std::chrono::milliseconds leave_grace_;
};

}  // namespace zonda
