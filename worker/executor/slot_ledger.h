// The agent's books on one slot: which Works are in it, which of their tasks are answered, what shall stop.
// Whatever a runner says or fails to say, each index leaves here exactly once, as Finished or as Unstarted.
// Knows nothing of threads, processes or sockets; used from the loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "worker/executor/executor.h"
#include "worker/executor/outcome_batch.h"
#include "worker/executor/slot_page.h"

namespace zonda {

using ExecutorEvents = std::vector<ExecutorEvent>;

// A Work, or what a drop left of one.
struct Piece {
  Work work;
  std::uint32_t sequence = 0;  // 0: not handed over yet
  std::uint32_t end = 0;       // tasks that are still ours: [answered, end)
  std::uint32_t answered = 0;

  bool is_handed_over() const { return sequence != 0; }
};

// What a slot was asked to stop.
struct Stopping {
  std::uint64_t task = 0;  // task_key
  StopReason reason = StopReason::Cancelled;
  TimePoint since;
};

class SlotLedger {
 public:
  explicit SlotLedger(int slot) : slot_(slot) {}

  // The page of the runner that serves the slot from now on. No piece may be handed over at this moment.
  void bind(SlotPage& page);

  void add(Work work);
  // The next piece to hand to the runner, its cursor ready; null if the runner has two or there is none.
  const Piece* hand_over();
  // The piece handed over last cannot be run at all: each of its tasks ends with this report.
  void refuse(const std::string& report, ExecutorEvents& events);

  void drop(const JobId& job, std::uint64_t first, std::uint64_t count, Token token, ExecutorEvents& events);
  void output_room(const TaskId& task, std::uint64_t upto);
  // True if the task runs now and is asked to stop from now on.
  bool stop(const TaskId& task, StopReason reason, TimePoint now);
  const std::optional<Stopping>& stopping() const { return stopping_; }
  // Before a runner is killed for its task: no other task may be in it then. True if the task still runs
  // alone.
  bool isolate_stopping(ExecutorEvents& events);

  // The runner is left to its task, which does not stop: that ends as what was asked of it, and all behind it
  // comes back. False if it just ended, or if something before it is not known yet: worth another try.
  bool abandon(ExecutorEvents& events);

  // False if the batch cannot be true: the runner is broken or was tampered with.
  bool accept(OutcomeBatch batch, ExecutorEvents& events);
  // Fetches results and progress that wait behind a long task.
  void look(TimePoint now, ExecutorEvents& events);
  std::optional<TimePoint> next_look() const;
  // The runner is gone, all it sent has been accepted. The task in it ends with `report` (an encoded report
  // of kind crashed), or as the stop that was asked for; without a report it is blamed for nothing and given
  // back.
  void runner_died(const std::optional<std::string>& report, ExecutorEvents& events);

  std::optional<Running> running() const;
  const Piece* piece_of(std::uint32_t sequence) const;
  bool has_begun_a_task() const { return has_begun_; }  // since bind()

 private:
  struct Current {
    const Piece* piece;
    std::uint32_t at;
  };

  Piece* find(std::uint32_t sequence);
  std::optional<Current> current() const;
  std::optional<std::uint64_t> key_of(const TaskId& task) const;  // if it runs now
  void drop_from(std::size_t index, std::uint64_t first, std::uint64_t count, ExecutorEvents& events);
  std::uint32_t lower_end(Piece& piece, std::uint32_t from);
  void give_back(const Piece& piece, std::uint32_t from, std::uint32_t to, ExecutorEvents& events) const;
  void answer(Piece& piece, OutcomeBatch batch, ExecutorEvents& events);
  void answer_one(Piece& piece, std::uint8_t kind, std::string payload, ExecutorEvents& events);
  void end_runner(const std::optional<std::string>& report, ExecutorEvents& events);
  void restate_stopped(const Piece& piece, OutcomeBatch& batch);
  void fetch_journal(bool runner_is_gone, ExecutorEvents& events);
  void fetch_progress(TimePoint now, ExecutorEvents& events);

  int slot_;
  SlotPage* page_ = nullptr;
  std::deque<Piece> pieces_;  // handed over ones first
  std::uint32_t last_sequence_ = 0;
  std::optional<Stopping> stopping_;
  std::chrono::nanoseconds busy_told_{0};  // of the journal's present content
  bool has_begun_ = false;
  std::uint32_t progress_seen_ = 0;
  TimePoint next_progress_;
  TimePoint next_look_;
  std::chrono::milliseconds look_interval_{5};
  std::uint64_t looked_at_task_ = 0;
};

}  // namespace zonda
