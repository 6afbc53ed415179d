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
  answer.packer.pack_map(9);
  answer.field("job", to_string(job.id))
      .field("index", index)
      .field("state", std::string(kStates[static_cast<int>(state.state)]));
  answer.field("attempt", state.attempt())
      .field("errors", state.errors)
      .field("crashes", state.crashes)
      .field("lost", state.lost);
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
    if (explain) {
      answer.packer.pack_map(2);
      answer.field("index", index).field("why", why_waiting(job, *state));
    } else {
      pack_task(answer, job, index, *state);
    }
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

std::string BrokerCore::Question::why_waiting(const Job& job, const SegmentState& state) const {
  const std::string ahead =
      std::to_string(job.ready_class->ready_tasks()) + " tasks wait for the same workers";
  if (state.state == TaskState::Leased) {
    const Lease& lease = *core_.leases_.find(state.token);
    return std::string(state.started ? "it runs" : "it is queued or runs") + " on " +
           lease.worker->hello.name + " (" + lease.worker->hello.host + "), attempt " +
           std::to_string(state.attempt());
  }
  if (state.state == TaskState::Stored)
    return "it waits in the store behind other tasks of its job; " + ahead;
  if (state.state == TaskState::Orphaned)
    return "it was handed out before the broker started; the worker that may run it has a moment to come "
           "back";
  if (state.state == TaskState::Delayed)
    return "it waits for its time: it is delayed, or attempt " + std::to_string(state.attempt()) +
           " follows a failure after a pause";
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
