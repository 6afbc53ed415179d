#include "tests/simulation/sim_executor.h"

#include "proto/assert.h"
#include "proto/report.h"

namespace zonda::sim {

using namespace std::chrono_literals;

std::string_view SimExecutor::arguments(const Work& work, std::uint32_t at) const {
  return work.arguments.slice(at, 1).payloads;
}

void SimExecutor::start(int number, Work work) {
  Slot& slot = slots_.at(static_cast<std::size_t>(number));
  ZONDA_ASSERT(slot.works.size() < 2 && work.arguments.count() > 0);
  slot.works.push_back({std::move(work), {}});
  if (slot.works.size() > 1) return;
  slot.at = 0;
  begin(slot, clock_.now());
}

void SimExecutor::begin(Slot& slot, TimePoint now) {
  const TaskPlan plan = TaskPlan::decode(arguments(slot.works.front().work, slot.at));
  slot.since = now;
  slot.until = plan.nature == Nature::Endless ? TimePoint::max() : now + microseconds(plan.us);
  slot.stop.reset();
  if (plan.secret % 16 != 0) return;
  const Work& work = slot.works.front().work;  // it talks
  const TaskId task{work.job, work.first + slot.at};
  events_.push_back(TaskProgress{task, work.token, 1, 2, "half"});
  events_.push_back(TaskOutput{task, work.token, work.attempt, 1, 0, "hello"});
}

void SimExecutor::stop(int number, const TaskId& task, StopReason reason, TimePoint now) {
  Slot& slot = slots_.at(static_cast<std::size_t>(number));
  const std::optional<Running> current = running(number);
  if (!current || current->task != task || slot.until <= now) return;  // over, and its result waits
  slot.stop = reason;
  slot.until = std::min(slot.until, now + 1s);  // the grace
}

void SimExecutor::drop(const JobId& job, std::uint64_t first, std::uint64_t count, Token token) {
  for (std::size_t number = 0; number < slots_.size(); ++number) {
    Slot& slot = slots_[number];
    for (std::size_t at = 0; at < slot.works.size(); ++at) {
      Held& held = slot.works[at];
      if (held.work.job != job || held.work.token != token) continue;
      const std::uint32_t begin = at == 0 ? slot.at + 1 : 0;  // the first that has not started
      for (std::uint32_t value = begin; value < held.work.arguments.count(); ++value) {
        const std::uint64_t index = held.work.first + value;
        if (index < first || index >= first + count || !held.dropped.insert(value).second) continue;
        events_.push_back(Unstarted{static_cast<int>(number), job, index, 1, token});
      }
    }
    std::erase_if(slot.works,
                  [](const Held& held) { return held.dropped.size() == held.work.arguments.count(); });
  }
}

// On to the next value that is to run, in this Work or the next.
void SimExecutor::skip_dropped(Slot& slot) {
  while (!slot.works.empty()) {
    const Held& front = slot.works.front();
    while (slot.at < front.work.arguments.count() && front.dropped.contains(slot.at)) ++slot.at;
    if (slot.at < front.work.arguments.count()) return;
    slot.works.pop_front();
    slot.at = 0;
  }
}

std::optional<Running> SimExecutor::running(int number) const {
  const Slot& slot = slots_.at(static_cast<std::size_t>(number));
  if (slot.works.empty()) return std::nullopt;
  const Work& work = slot.works.front().work;
  return Running{{work.job, work.first + slot.at}, work.token, slot.since};
}

// A result is held where it is; what takes the process down does not wait.
bool SimExecutor::may_end(const Slot& slot) const {
  if (slot.works.empty()) return false;
  const Nature nature = TaskPlan::decode(arguments(slot.works.front().work, slot.at)).nature;
  return !holds_ || (nature == Nature::KillsWorker && !slot.stop);
}

void SimExecutor::end(int number, Slot& slot, std::vector<ExecutorEvent>& events) {
  Work& work = slot.works.front().work;
  const TaskPlan plan = TaskPlan::decode(arguments(work, slot.at));
  if (plan.nature == Nature::KillsWorker && !slot.stop) {
    killer_ = TaskId{work.job, work.first + slot.at};
    return;
  }
  Finished finished;
  finished.slot = number;
  finished.job = work.job;
  finished.first = work.first + slot.at;
  finished.token = work.token;
  finished.busy = std::chrono::duration_cast<microseconds>(slot.until - slot.since);
  TaskReport report;
  if (slot.stop)
    report.kind = *slot.stop == StopReason::TimedOut ? TaskReport::timed_out : TaskReport::cancelled;
  else if (plan.nature == Nature::CrashFirst && work.attempt == 1)
    report.kind = TaskReport::crashed;
  const bool fails =
      slot.stop || plan.nature == Nature::FailAlways ||
      (work.attempt == 1 && (plan.nature == Nature::FailFirst || plan.nature == Nature::CrashFirst));
  finished.payloads = fails ? encode_report(report) : TaskEcho{plan.secret, work.token}.encode();
  if (fails) finished.kinds.assign(1, static_cast<char>(report.kind));
  const auto length = static_cast<std::uint32_t>(finished.payloads.size());
  finished.lengths.assign(reinterpret_cast<const char*>(&length), 4);
  events.push_back(std::move(finished));
  const TimePoint ended = slot.until;
  ++slot.at;
  skip_dropped(slot);
  if (!slot.works.empty()) begin(slot, ended);
}

std::vector<ExecutorEvent> SimExecutor::take_events(TimePoint now) {
  std::vector<ExecutorEvent> events = std::exchange(events_, {});
  for (std::size_t number = 0; number < slots_.size(); ++number) {
    Slot& slot = slots_[number];
    while (!killer_ && may_end(slot) && slot.until <= now) end(static_cast<int>(number), slot, events);
  }
  return events;
}

std::optional<TimePoint> SimExecutor::next_deadline() const {
  std::optional<TimePoint> next;
  if (!events_.empty()) return clock_.now();
  for (const Slot& slot : slots_) {
    if (may_end(slot) && slot.until != TimePoint::max() && (!next || slot.until < *next)) next = slot.until;
  }
  return next;
}

}  // namespace zonda::sim
