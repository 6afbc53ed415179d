#include "worker/executor/thread_executor.h"

#include <algorithm>
#include <utility>

#include "proto/assert.h"
#include "proto/report.h"
#include "worker/executor/slot_ledger.h"
#include "worker/executor/slot_thread.h"
#include "worker/executor/stop_watch.h"
#include "worker/executor/task_run.h"

namespace zonda {

struct ThreadExecutor::Slot {
  explicit Slot(int number) : ledger(number) {}
  SlotLedger ledger;
  std::shared_ptr<SlotThread> thread;
};

ThreadExecutor::ThreadExecutor(int slots, Handlers handlers, std::chrono::milliseconds leave_grace)
    : handlers_(std::make_shared<const Handlers>(std::move(handlers))),
      news_(std::make_shared<ThreadNews>()),
      leave_grace_(leave_grace) {
  ZONDA_ASSERT(slots > 0);
  for (int number = 0; number < slots; ++number) {
    slots_.push_back(std::make_unique<Slot>(number));
    start_thread(*slots_.back(), number);
  }
}

ThreadExecutor::~ThreadExecutor() {
  const auto now = std::chrono::steady_clock::now();
  ExecutorEvents ignored;
  for (const auto& slot : slots_) {
    slot->thread->leave();
    slot->ledger.isolate_stopping(ignored);  // nothing else begins
    if (const auto running = slot->ledger.running()) {
      slot->ledger.stop(running->task, StopReason::Cancelled, now);
    }
  }
  for (const auto& slot : slots_) slot->thread->wait_until_left(now + leave_grace_);
}

void ThreadExecutor::start_thread(Slot& slot, int number) {
  slot.thread = SlotThread::start(number, handlers_, news_);
  slot.ledger.bind(slot.thread->page());
}

void ThreadExecutor::start(int slot, Work work) {
  Slot& target = *slots_.at(static_cast<std::size_t>(slot));
  target.ledger.add(std::move(work));
  const std::size_t before = events_.size();
  hand_over(target);
  wake_up_if(events_.size() != before);
}

void ThreadExecutor::hand_over(Slot& slot) {
  while (const Piece* piece = slot.ledger.hand_over()) {
    const Work& work = piece->work;
    const detail::Handler* handler = handlers_->find(work.function, work.signature);
    if (handler == nullptr) {
      slot.ledger.refuse(report_unknown_function(work.function, work.signature), events_);
      continue;
    }
    slot.thread->give({{piece->sequence, work.job, work.first, work.token, work.attempt},
                       handler,
                       work.slab,
                       work.arguments});
  }
}

void ThreadExecutor::wake_up_if(bool something_happened) {
  if (something_happened) news_->wake();
}

void ThreadExecutor::stop(int slot, const TaskId& task, StopReason reason, TimePoint now) {
  slots_.at(static_cast<std::size_t>(slot))->ledger.stop(task, reason, now);
}

void ThreadExecutor::drop(const JobId& job, std::uint64_t first, std::uint64_t count, Token token) {
  const std::size_t before = events_.size();
  for (const auto& slot : slots_) slot->ledger.drop(job, first, count, token, events_);
  wake_up_if(events_.size() != before);
}

void ThreadExecutor::output_room(int slot, const TaskId& task, std::uint64_t upto) {
  slots_.at(static_cast<std::size_t>(slot))->ledger.output_room(task, upto);
}

std::optional<Running> ThreadExecutor::running(int slot) const {
  return slots_.at(static_cast<std::size_t>(slot))->ledger.running();
}

std::vector<ExecutorEvent> ThreadExecutor::take_events(TimePoint now) {
  for (ThreadNews::Item& item : news_->take()) {
    Slot& slot = *slots_.at(static_cast<std::size_t>(item.slot));
    if (item.from != slot.thread.get()) continue;  // abandoned
    if (auto* batch = std::get_if<OutcomeBatch>(&item.what)) {
      const bool is_true = slot.ledger.accept(std::move(*batch), events_);
      ZONDA_ASSERT(is_true);
    } else if (auto* output = std::get_if<ThreadNews::Output>(&item.what)) {
      if (const Piece* piece = slot.ledger.piece_of(output->sequence)) {
        events_.push_back(TaskOutput{{piece->work.job, piece->work.first + output->at},
                                     piece->work.token,
                                     piece->work.attempt,
                                     output->stream,
                                     output->offset,
                                     std::move(output->bytes)});
      }
    } else {
      TaskReport report;
      report.kind = TaskReport::crashed;
      report.type = "exit";
      report.message = "the task ended its thread";
      slot.ledger.runner_died(encode_report(report), events_);
      start_thread(slot, item.slot);
    }
    hand_over(slot);
  }
  for (int number = 0; number < slots(); ++number) {
    Slot& slot = *slots_[static_cast<std::size_t>(number)];
    slot.ledger.look(now, events_);
    abandon_if_deaf(slot, number, now);
  }
  return std::exchange(events_, {});
}

// A thread cannot be killed. The slot goes on with another one.
void ThreadExecutor::abandon_if_deaf(Slot& slot, int number, TimePoint now) {
  const std::optional<Stopping>& stopping = slot.ledger.stopping();
  if (!stopping) return;
  const bool runs_command = slot.thread->page().command_group.load(std::memory_order_acquire) != 0;
  if (now - stopping->since < (runs_command ? kCommandStopGrace : kStopGrace)) return;
  if (!slot.ledger.abandon(events_)) return;
  slot.thread->leave();  // should its task ever end
  abandoned_.push_back(std::move(slot.thread));
  start_thread(slot, number);
  hand_over(slot);
}

int ThreadExecutor::event_fd() const { return news_->event_fd(); }

std::optional<TimePoint> ThreadExecutor::next_deadline() const {
  std::optional<TimePoint> next;
  for (const auto& slot : slots_) {
    const std::optional<TimePoint> look = slot->ledger.next_look();
    if (look && (!next || *look < *next)) next = look;
  }
  return next;
}

bool ThreadExecutor::is_stuck() const {
  return std::any_of(abandoned_.begin(), abandoned_.end(),
                     [](const std::shared_ptr<SlotThread>& thread) { return !thread->has_left(); });
}

}  // namespace zonda
