#include "tests/unit/worker/fake_executor.h"

namespace zonda {
namespace {

std::string range(std::uint64_t lo, std::uint64_t hi) {
  return "[" + std::to_string(lo) + "," + std::to_string(hi) + ")";
}

void append_value(Finished& finished, const std::string& value) {
  const auto length = static_cast<std::uint32_t>(value.size());
  finished.lengths.append(reinterpret_cast<const char*>(&length), 4);
  finished.payloads += value;
}

}  // namespace

void FakeExecutor::start(int slot, Work work) {
  calls_.push_back("slot " + std::to_string(slot) + ": " +
                   range(work.first, work.first + work.arguments.count()));
  works_.at(static_cast<std::size_t>(slot)).push_back({std::move(work), 0});
}

void FakeExecutor::stop(int slot, const TaskId& task, StopReason reason, TimePoint) {
  calls_.push_back("stop " + std::to_string(slot) + ": " + std::to_string(task.index) +
                   (reason == StopReason::TimedOut ? " timed out" : " cancelled"));
}

// Takes back the end of what has not started, as one range.
void FakeExecutor::drop(const JobId& job, std::uint64_t first, std::uint64_t count, Token token) {
  calls_.push_back("drop " + range(first, first + count));
  for (std::size_t slot = 0; slot < works_.size(); ++slot) {
    std::deque<InSlot>& works = works_[slot];
    for (std::size_t at = 0; at < works.size(); ++at) {
      Work& work = works[at].work;
      if (work.job != job || work.token != token) continue;
      const std::uint64_t unstarted = work.first + works[at].done + (at == 0 ? 1 : 0);
      const std::uint64_t end = work.first + work.arguments.count();
      const std::uint64_t lo = std::max(unstarted, first), hi = std::min(end, first + count);
      if (lo >= hi || hi != end) continue;
      events_.push_back(
          Unstarted{static_cast<int>(slot), job, lo, static_cast<std::uint32_t>(hi - lo), token});
      work.arguments = work.arguments.slice(0, static_cast<std::uint32_t>(lo - work.first));
    }
    std::erase_if(works, [](const InSlot& each) { return each.work.arguments.count() == each.done; });
  }
}

void FakeExecutor::output_room(int slot, const TaskId& task, std::uint64_t upto) {
  const std::optional<Running> now = running(slot);
  if (now && now->task == task)
    calls_.push_back("room " + std::to_string(slot) + "/" + std::to_string(task.index) + " " +
                     std::to_string(upto));
}

std::optional<Running> FakeExecutor::running(int slot) const {
  const std::deque<InSlot>& works = works_.at(static_cast<std::size_t>(slot));
  if (works.empty()) return std::nullopt;
  const InSlot& front = works.front();
  return Running{{front.work.job, front.work.first + front.done}, front.work.token, since_};
}

std::vector<ExecutorEvent> FakeExecutor::take_events(TimePoint) { return std::exchange(events_, {}); }

void FakeExecutor::finish(int slot, std::uint64_t count, std::chrono::microseconds each,
                          const std::string& value) {
  std::deque<InSlot>& works = works_.at(static_cast<std::size_t>(slot));
  InSlot& front = works.front();
  Finished finished;
  finished.slot = slot;
  finished.job = front.work.job;
  finished.first = front.work.first + front.done;
  finished.token = front.work.token;
  finished.busy = each * count;
  for (std::uint64_t n = 0; n < count; ++n) append_value(finished, value);
  events_.push_back(std::move(finished));
  front.done += count;
  if (front.done == front.work.arguments.count()) works.pop_front();
}

void FakeExecutor::fail(int slot, std::uint8_t kind) {
  finish(slot, 1, std::chrono::microseconds(1));
  std::get<Finished>(events_.back()).kinds.assign(1, static_cast<char>(kind));
}

void FakeExecutor::say_progress(int slot, std::uint64_t done) {
  const Running now = *running(slot);
  events_.push_back(TaskProgress{now.task, now.token, done, 100, {}});
}

}  // namespace zonda
