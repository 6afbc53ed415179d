// Questions about tasks: their states, their outcomes, and why they wait.
#include <algorithm>
#include <functional>
#include <sstream>

#include "broker/core/question.h"

namespace zonda {
namespace {
constexpr const char* kStates[] = {"queued",  "running", "delayed",
                                   "running", "queued",  "queued"};  // by TaskState
}  // namespace

void BrokerCore::Question::tasks(const Job& job) {
  std::vector<std::function<void(Answer&)>> entries;
  const auto wanted = [&](const char* state) {
    return arguments_.state.empty() || arguments_.state == state;
  };
  for (const LogChunk& chunk : job.log.chunks()) {
    for (std::uint32_t at = 0; at < chunk.count() && entries.size() < arguments_.limit; ++at) {
      const std::uint8_t kind = chunk.kinds.empty() ? 0 : static_cast<std::uint8_t>(chunk.kinds[at]);
      const bool failed = kind != 0 && kind != TaskReport::cancelled;
      if (!wanted(kind == 0 ? "done" : to_string(static_cast<TaskReport::Kind>(kind))) &&
          !(failed && wanted("failed")))
        continue;
      entries.emplace_back([this, &chunk, at](Answer& page) { pack_outcome(page, chunk, at, nullptr); });
    }
  }
  job.segments.for_each({0, job.count}, [&](IndexRange part, const SegmentState& state) {
    if (!wanted(kStates[static_cast<int>(state.state)])) return;
    for (std::uint64_t index = part.lo; index < part.hi && entries.size() < arguments_.limit; ++index)
      entries.emplace_back([this, &job, index, state](Answer& page) { pack_task(page, job, index, state); });
  });
  say_list(entries, [](Answer& page, const std::function<void(Answer&)>& pack) { pack(page); });
}

void BrokerCore::Question::pack_task(Answer& answer, const Job& job, std::uint64_t index,
                                     const SegmentState& state) {
  const Lease* lease = state.state == TaskState::Leased ? core_.leases_.find(state.token) : nullptr;
  answer.packer.pack_map(11);
  answer.field("job", to_string(job.id))
      .field("index", index)
      .field("state", std::string(kStates[static_cast<int>(state.state)]));
  answer.field("attempt", state.attempt())
      .field("errors", state.errors)
      .field("crashes", state.crashes)
      .field("lost", state.lost)
      .field("deaths", state.deaths)
      .field("group", state.group);
  answer.field("worker", lease == nullptr ? std::string() : lease->worker->hello.name);
  answer.field("started", state.started);
}

void BrokerCore::Question::pack_outcome(Answer& answer, const LogChunk& chunk, std::uint32_t at,
                                        const Column* outcomes) {
  const std::uint8_t kind = chunk.kinds.empty() ? 0 : static_cast<std::uint8_t>(chunk.kinds[at]);
  answer.packer.pack_map(outcomes != nullptr ? 5 : 4);
  answer.field("index", chunk.first + at);
  answer.field("state", std::string(kind == 0 ? "done" : to_string(static_cast<TaskReport::Kind>(kind))));
  answer.field("attempt", chunk.attempt).field("worker", chunk.worker);
  if (outcomes == nullptr) return;
  const std::string_view payload = outcomes->slice(at, 1).payloads;
  answer.packer.pack("payload")
      .pack_bin(static_cast<std::uint32_t>(payload.size()))
      .pack_bin_body(payload.data(), static_cast<std::uint32_t>(payload.size()));
}

void BrokerCore::Question::task(const Job& job, bool explain) {
  if (!arguments_.has_index || arguments_.index >= job.count)
    return say(ReplyCode::NotFound, job.count == 0
                                        ? std::string("the job has no tasks")
                                        : "the job's tasks are 0 to " + std::to_string(job.count - 1));
  const std::uint64_t index = arguments_.index;
  Answer answer;
  if (const SegmentState* state = job.segments.find(index)) {
    if (explain) return explain_open(job, index, *state);
    pack_task(answer, job, index, *state);
    return say(answer);
  }
  for (const LogChunk& chunk : job.log.chunks()) {
    if (index < chunk.first || index >= chunk.first + chunk.count()) continue;
    const Column* outcomes = outcomes_of(job, chunk);
    if (outcomes == nullptr)
      return wait_for({{{job.id, PayloadName::What::Outcomes, chunk.position}, chunk.bytes}});
    if (outcomes->count() != chunk.count()) break;  // released while it was read
    pack_outcome(answer, chunk, static_cast<std::uint32_t>(index - chunk.first), outcomes);
    return say(answer);
  }
  say(ReplyCode::NotFound, "the outcome was delivered and released");
}

// A sentence for people, and what it was made from for programs.
void BrokerCore::Question::explain_open(const Job& job, std::uint64_t index, const SegmentState& state) {
  const auto found = job.histories.find(index);
  const std::vector<TaskReport::Attempt> none;
  const std::vector<TaskReport::Attempt>& history = found == job.histories.end() ? none : found->second;
  const std::optional<TimePoint> next = due(job, index, state);
  std::optional<UtcTime> at;
  if (next) at = now_.utc + std::chrono::duration_cast<UtcTime::duration>(*next - now_.steady);
  Answer answer;
  answer.packer.pack_map(8);
  answer.field("index", index).field("why", why(job, index, state));
  answer.field("state", std::string(kStates[static_cast<int>(state.state)]));
  answer.field("attempt", state.attempt()).field("deaths", state.deaths).field("group", state.group);
  answer.time("due", at);
  answer.packer.pack("history").pack_array(static_cast<std::uint32_t>(history.size()));
  for (const TaskReport::Attempt& attempt : history) {
    answer.packer.pack_map(5);
    answer.field("number", attempt.number).field("kind", std::string(to_string(attempt.kind)));
    answer.field("worker", attempt.worker).field("host", attempt.host).field("message", attempt.message);
  }
  say(answer);
}

std::optional<TimePoint> BrokerCore::Question::due(const Job& job, std::uint64_t index,
                                                   const SegmentState& state) const {
  if (state.state != TaskState::Delayed) return std::nullopt;
  for (const auto& [due, batch] : job.delays) {
    if (batch.lo <= index && index < batch.hi) return due;
  }
  return core_.timers_.due(job.id, index);
}

std::string BrokerCore::Question::why(const Job& job, std::uint64_t index, const SegmentState& state) const {
  std::string text =
      state.state == TaskState::Delayed ? why_delayed(job, index, state) : why_waiting(job, state);
  const bool waits_for_worker = state.state == TaskState::Ready || state.state == TaskState::Suspect;
  if (waits_for_worker && !job.held) text += core_.pools_.prospect(job.ready_class->key(), now_.steady);
  if (!state.suspect()) return text;
  text += "; it runs alone from now on: " + std::to_string(state.deaths) + " workers vanished with it aboard";
  if (state.group > 1) text += ", in a group of at most " + std::to_string(state.group);
  return text;
}

std::string BrokerCore::Question::why_delayed(const Job& job, std::uint64_t index,
                                              const SegmentState& state) const {
  std::string when;
  if (const std::optional<TimePoint> at = due(job, index, state)) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(*at - now_.steady);
    when = " in " + std::to_string(std::max<std::int64_t>(left.count(), 0)) + " s";
  }
  const auto history = job.histories.find(index);
  if (history == job.histories.end() || history->second.empty())
    return "it waits for its time: it is delayed, and due" + when;
  const TaskReport::Attempt& last = history->second.back();
  return "it waits for its time: attempt " + std::to_string(last.number) + " " + to_string(last.kind) +
         " on " + last.worker + " (" + last.host + "), attempt " + std::to_string(state.attempt()) +
         " is due" + when;
}

std::string BrokerCore::Question::why_waiting(const Job& job, const SegmentState& state) const {
  const std::string ahead =
      std::to_string(job.ready_class->ready_tasks()) + " tasks wait for the same workers";
  if (state.state == TaskState::Leased) {
    const Lease& lease = *core_.leases_.find(state.token);
    return std::string(state.started ? "it runs" : "it is queued or runs") + " on " +
           lease.worker->hello.name + " (" + lease.worker->hello.host + "), attempt " +
           std::to_string(state.attempt());
  }
  if (job.held)
    return "it waits until outcomes are read: " + std::to_string(job.log.bytes()) + " bytes of its job's " +
           (job.spec.detached ? "are kept, and memory is full of such"
                              : "are unread, more than its client may leave");
  if (state.state == TaskState::Stored)
    return "it waits in the store behind other tasks of its job; " + ahead;
  if (state.state == TaskState::Orphaned)
    return "it was handed out before the broker started; the worker that may run it has a moment to come "
           "back";
  if (core_.roster_.all().empty()) return "no worker is connected";
  if (core_.roster_.signatures(job.spec.function).empty())
    return "no worker serves the function " + job.spec.function;
  if (job.ready_class->kinds.empty())
    return "no worker that serves " + job.spec.function + what_is_missing(job);
  const auto& all = core_.roster_.all();
  const bool active = std::any_of(all.begin(), all.end(), [&](const auto& each) {
    return each.second->state == WorkerState::Active && each.second->kind->key.offers(job.ready_class->key());
  });
  if (!active) return "no worker that fits takes new tasks: they drain or are away";
  if (state.state == TaskState::Suspect) return "no fitting worker is empty";
  return "all fitting workers are busy; " + ahead;
}

// The first thing asked for that no worker of the function offers; or that none offers all of it.
std::string BrokerCore::Question::what_is_missing(const Job& job) const {
  const auto nobody = [&](const ClassKey& wanted) {
    const auto& all = core_.roster_.all();
    return std::none_of(all.begin(), all.end(),
                        [&](const auto& each) { return each.second->kind->key.offers(wanted); });
  };
  const ClassKey& all = job.ready_class->key();
  ClassKey one{all.function, all.signature, all.queue, {}, {}};
  if (nobody(one)) return " serves the queue " + all.queue;
  for (const auto& [name, amount] : all.resources) {
    one.resources = {{name, amount}};
    std::ostringstream text;
    text << amount;
    if (nobody(one)) return " has " + text.str() + " of the resource " + name;
  }
  one.resources.clear();
  for (const auto& [name, value] : all.labels) {
    one.labels = {{name, value}};
    if (nobody(one)) return " has the label " + name + "=" + value;
  }
  return " has the queue, resources and labels asked for together";
}

}  // namespace zonda
