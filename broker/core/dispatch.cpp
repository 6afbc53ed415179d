// Tasks go out: workers with room meet classes with ready tasks. Pull-shaped: nothing is handed to a worker
// beyond what it granted, and little beyond what keeps its slots busy.
#include <algorithm>
#include <cmath>

#include "broker/core/broker_core.h"
#include "proto/assert.h"
#include "proto/limits.h"

namespace zonda {
namespace {

// Work that may wait at a worker, per slot. Tasks that take longer than this are handed out one per slot.
constexpr double kPrefetchUs = 50'000;

}  // namespace

void BrokerCore::hungry(WorkerRecord& worker) {
  if (worker.state == WorkerState::Active) hungry_.insert(worker.number);
}

void BrokerCore::dispatch(const Now& now, Effects& effects) {
  for (const std::uint64_t number : std::exchange(hungry_, {})) {
    if (WorkerRecord* worker = roster_.find(number)) serve(*worker, now, effects);
  }
  for (const auto& [number, ready_class] : std::exchange(fresh_, {})) {
    for (WorkerKind* kind : ready_class->kinds) {
      while (ready_class->ready_tasks() > 0 && !kind->idle.empty()) {
        const std::uint64_t tasks_before = ready_class->ready_tasks();
        serve(*roster_.find(kind->idle.begin()->second), now, effects);  // the least loaded first
        if (ready_class->ready_tasks() == tasks_before) break;           // its resources are taken
      }
    }
  }
}

void BrokerCore::serve(WorkerRecord& worker, const Now& now, Effects& effects) {
  if (worker.state != WorkerState::Active) return;
  Session& session = *sessions_.find(worker.session);
  roster_.set_busy(worker);
  Tasks message;
  std::size_t bytes = 0;
  std::vector<Slab> alive;  // what the message's views point into
  while (ReadyClass* ready_class = best_class(worker)) {
    Job& job = queue_.first(*ready_class);
    const std::uint64_t limit = room(worker, job);
    if (limit == 0) break;
    alive.push_back(job.batch_of(job.segments.first_ready()->lo).slab);
    message.ranges.push_back(hand_out(worker, job, limit, now));
    bytes += message.ranges.back().arguments.payloads.size();
    if (bytes < kFrameBytes && message.ranges.size() < kListMax) continue;
    say(session, std::exchange(message, {}), effects);
    bytes = 0;
  }
  if (!message.ranges.empty()) say(session, message, effects);
  if (has_room(worker)) roster_.set_idle(worker);
  watch(session, now.steady);
}

ReadyClass* BrokerCore::best_class(WorkerRecord& worker) {
  if (!has_room(worker)) return nullptr;
  ReadyClass* best = nullptr;
  ReadyQueue::Rank best_rank;
  for (ReadyClass* ready_class : worker.kind->classes) {
    if (ready_class->ready_tasks() == 0) continue;
    const bool fits =
        std::all_of(ready_class->key().resources.begin(), ready_class->key().resources.end(),
                    [&](const auto& need) { return worker.resources_free[need.first] >= need.second; });
    if (!fits) continue;
    const ReadyQueue::Rank rank = queue_.rank(*ready_class);
    if (best == nullptr || rank < best_rank) {
      best = ready_class;
      best_rank = rank;
    }
  }
  return best;
}

bool BrokerCore::has_room(const WorkerRecord& worker) const {
  if (worker.state != WorkerState::Active || worker.used_tasks >= worker.credit_tasks ||
      worker.used_bytes >= worker.credit_bytes)
    return false;
  return worker.outstanding < worker.hello.slots || worker.outstanding_us < kPrefetchUs * worker.hello.slots;
}

// How many tasks of this job the worker may get now: to fill its slots, or, if tasks are short, 50 ms of work
// a slot; and not more than its part of what is ready, so that the others get some.
std::uint64_t BrokerCore::room(const WorkerRecord& worker, const Job& job) const {
  const std::uint64_t slots = worker.hello.slots;
  std::uint64_t tasks = worker.outstanding < slots ? slots - worker.outstanding : 0;
  if (job.task_us > 0 && job.spec.resources.empty()) {
    const double left_us = kPrefetchUs * static_cast<double>(slots) - worker.outstanding_us;
    if (left_us >= job.task_us) tasks = std::max(tasks, static_cast<std::uint64_t>(left_us / job.task_us));
  }
  for (const auto& [name, amount] : job.spec.resources) {
    if (amount <= 0) continue;
    const double fit = std::max(0.0, std::floor(worker.resources_free.at(name) / amount));
    if (fit < static_cast<double>(tasks)) tasks = static_cast<std::uint64_t>(fit);  // may be beyond integers
  }
  std::uint64_t all_slots = 0;
  for (const WorkerKind* kind : job.ready_class->kinds) all_slots += kind->slots;
  const std::uint64_t ready = job.ready_class->ready_tasks();
  const std::uint64_t part = (ready * slots + all_slots - 1) / std::max<std::uint64_t>(all_slots, 1);
  return std::min({tasks, std::max<std::uint64_t>(part, 1), worker.credit_tasks - worker.used_tasks});
}

// Leases the first ready tasks of a job: as many as one batch holds of them, fit a frame, and the limit
// allows.
TaskRange BrokerCore::hand_out(WorkerRecord& worker, Job& job, std::uint64_t limit, const Now& now) {
  const IndexRange ready = *job.segments.first_ready();
  SegmentState state = *job.segments.find(ready.lo);
  const Batch& batch = job.batch_of(ready.lo);
  const std::uint64_t in_batch = std::min(ready.hi, batch.first + batch.count) - ready.lo;
  std::uint64_t tasks = std::min({limit, in_batch, std::uint64_t{kFrameTasks}});
  Column arguments = batch.arguments.slice(static_cast<std::uint32_t>(ready.lo - batch.first),
                                           static_cast<std::uint32_t>(tasks));
  if (arguments.payloads.size() > kFrameBytes) {
    std::size_t bytes = arguments.length(0);
    for (tasks = 1; tasks < arguments.count() &&
                    bytes + arguments.length(static_cast<std::uint32_t>(tasks)) <= kFrameBytes;
         ++tasks)
      bytes += arguments.length(static_cast<std::uint32_t>(tasks));
    arguments = arguments.slice(0, static_cast<std::uint32_t>(tasks));
  }
  const IndexRange range{ready.lo, ready.lo + tasks};
  // A job that was not measured yet is taken for one of long tasks.
  const double task_us = job.task_us > 0 ? job.task_us : kPrefetchUs;
  const Lease& lease = leases_.issue(job, worker, range, task_us, now.steady);
  state.state = TaskState::Leased;
  state.token = {config_.epoch, lease.number};
  state.started = false;
  set_state(job, range, state);
  worker.leases.insert(lease.number);
  worker.outstanding += tasks;
  worker.outstanding_us += task_us * static_cast<double>(tasks);
  worker.used_tasks += tasks;
  worker.used_bytes += arguments.payloads.size();
  for (const auto& [name, amount] : job.spec.resources)
    worker.resources_free[name] -= amount * static_cast<double>(tasks);
  queue_.charge(job.share, task_us * static_cast<double>(tasks));
  counters_.tasks_dispatched += tasks;
  if (!job.started_at) job.started_at = now.utc;
  return {job.id,          range.lo,          state.token.epoch,  state.token.lease,
          state.attempt(), job.spec.function, job.spec.signature, job.spec.timeout_ms,
          arguments};
}

// Every change of a job's segments goes through set_state and leave_state, so that counts, queue and segments
// agree.
void BrokerCore::set_state(Job& job, IndexRange range, const SegmentState& state) {
  leave_state(job, range);
  job.segments.put(range, state);
  switch (state.state) {
    case TaskState::Ready:
      queue_.grew(job, range.size());
      fresh_.emplace(job.ready_class->number(), job.ready_class);
      return;
    case TaskState::Leased:
      job.counts.leased += range.size();
      leased_tasks_ += range.size();
      return;
    case TaskState::Delayed:
      job.counts.delayed += range.size();
      delayed_tasks_ += range.size();
      return;
  }
}

// The range leaves the counts of the states it is in, and the segments.
void BrokerCore::leave_state(Job& job, IndexRange range) {
  std::uint64_t covered = 0;
  job.segments.for_each(range, [&](IndexRange part, const SegmentState& state) {
    covered += part.size();
    switch (state.state) {
      case TaskState::Ready: queue_.shrank(job, part.size()); break;
      case TaskState::Leased:
        job.counts.leased -= part.size();
        leased_tasks_ -= part.size();
        break;
      case TaskState::Delayed:
        job.counts.delayed -= part.size();
        delayed_tasks_ -= part.size();
        break;
    }
  });
  ZONDA_ASSERT(covered == range.size());
  job.segments.erase(range);
}

}  // namespace zonda
