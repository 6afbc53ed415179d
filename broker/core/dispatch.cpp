// Tasks go out: workers with room meet classes with ready tasks. Pull-shaped: nothing is handed to a worker
// beyond what it granted, and little beyond what keeps its slots busy.
#include <algorithm>
#include <cmath>

#include "broker/core/amounts.h"
#include "broker/core/broker_core.h"
#include "proto/assert.h"
#include "proto/limits.h"

namespace zonda {
namespace {

// Work that may wait at a worker, per slot. Tasks that take longer than this are handed out one per slot.
constexpr double kPrefetchUs = 50'000;
// Work that is worth a message, which costs the broker 5 to 10 µs with its answer and what is told of it, as
// measured with 1,000 and 5,000 workers.
constexpr double kMessageUs = 200;
constexpr std::uint64_t kStandingByMax = 4'096;  // workers that one round considers
// Tasks for which the store knows ahead that they may be handed out: one record for many hand-outs. After a
// crash of the broker, so many wait for those who may hold them, though nobody does.
constexpr std::uint64_t kHandOutAhead = 4'096;

}  // namespace

void BrokerCore::hungry(WorkerRecord& worker) {
  if (worker.state == WorkerState::Active) hungry_.insert(worker.number);
}

// A class whose tasks became ready is offered to all who have room, and who got room is offered all that is
// ready. What was offered and not taken is not offered again: nothing has changed for it.
void BrokerCore::dispatch(const Now& now, Effects& effects) {
  std::vector<std::uint64_t> with_room;
  while (!hungry_.empty()) {
    const std::uint64_t number = *hungry_.begin();
    hungry_.erase(hungry_.begin());
    WorkerRecord* worker = roster_.find(number);
    if (worker == nullptr || worker->state != WorkerState::Active) continue;
    if (is_set_apart(*worker, now, effects) || !has_room(*worker)) continue;
    roster_.set_idle(*worker);
    with_room.push_back(number);
  }
  for (const auto& [number, ready_class] : std::exchange(fresh_, {})) {
    ready_class->progressed = now.steady;
    spread(*ready_class, now, effects);
  }
  in_rounds(with_room, now, effects);
  use_idle_workers(with_room, now, effects);
  retract_surplus(now, effects);
}

// So that everybody with room gets a part before anybody gets more.
void BrokerCore::in_rounds(const std::vector<std::uint64_t>& workers, const Now& now, Effects& effects) {
  for (std::uint64_t before = 0; before != queue_.ready_tasks() && queue_.ready_tasks() > 0;) {
    before = queue_.ready_tasks();
    shares_of_round_.clear();
    for (const std::uint64_t number : workers) {
      WorkerRecord& worker = *roster_.find(number);
      if (worker.idle_entry && !worker.kind->ready.empty()) serve(worker, now, effects);
    }
  }
}

void BrokerCore::spread(ReadyClass& ready_class, const Now& now, Effects& effects) {
  for (bool changed = true; changed && ready_class.ready_tasks() > 0;) {
    changed = false;
    shares_of_round_.clear();
    share_of_round(ready_class, 0);
    for (const std::uint64_t number : standing_by(ready_class)) {
      WorkerRecord& worker = *roster_.find(number);
      const std::uint64_t before = queue_.ready_tasks();
      serve(worker, now, effects);
      // Who took nothing and stands by no more makes room for others that were not asked.
      changed = changed || queue_.ready_tasks() != before || !worker.idle_entry;
      if (ready_class.ready_tasks() == 0) return;
    }
  }
}

// The workers that have room for this class, the least loaded first; not more than it has tasks, unless some
// may have to be passed over.
std::vector<std::uint64_t> BrokerCore::standing_by(const ReadyClass& ready_class) const {
  const std::uint64_t enough = std::min(ready_class.ready_tasks(), kStandingByMax);
  const std::uint64_t wanted = ready_class.key().resources.empty() ? enough : kStandingByMax;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> found;  // (load, number)
  for (const WorkerKind* kind : ready_class.kinds) {
    const std::size_t count = std::min<std::size_t>(wanted, kind->idle.size());
    found.insert(found.end(), kind->idle.begin(),
                 std::next(kind->idle.begin(), static_cast<std::ptrdiff_t>(count)));
  }
  if (ready_class.kinds.size() > 1) std::sort(found.begin(), found.end());
  std::vector<std::uint64_t> numbers;
  for (std::size_t at = 0; at < std::min<std::size_t>(wanted, found.size()); ++at)
    numbers.push_back(found[at].second);
  return numbers;
}

// How many of the class's tasks a worker with so many slots gets in this round.
std::uint64_t BrokerCore::share_of_round(const ReadyClass& ready_class, std::uint64_t slots) {
  const auto [at, added] = shares_of_round_.try_emplace(ready_class.number());
  if (added) {
    at->second.tasks = ready_class.ready_tasks();
    at->second.slots = slots;  // it does not stand by while it is served
    for (const WorkerKind* kind : ready_class.kinds) at->second.slots += kind->idle_slots;
  }
  const std::uint64_t all = std::max({at->second.slots, slots, std::uint64_t{1}});
  return std::max<std::uint64_t>((at->second.tasks * slots + all - 1) / all, 1);
}

void BrokerCore::serve(WorkerRecord& worker, const Now& now, Effects& effects) {
  Session& session = *sessions_.find(worker.session);
  roster_.set_busy(worker);
  Tasks message;
  std::size_t bytes = 0;
  std::vector<Slab> alive;  // what the message's views point into
  Parts its_part;
  bool served = false;
  for (Offer offer = best_offer(worker, its_part); offer.tasks > 0; offer = best_offer(worker, its_part)) {
    served = true;
    const IndexRange ready = *offer.job->segments.first_ready();
    alive.push_back(offer.job->batch_of(ready.lo).slab);
    message.ranges.push_back(hand_out(worker, *offer.job, ready, offer.tasks, now, effects));
    std::uint64_t& part = its_part[offer.job->ready_class->number()];
    part -= std::min<std::uint64_t>(part, message.ranges.back().arguments.count());
    bytes += message.ranges.back().arguments.payloads.size();
    if (bytes < kFrameBytes && message.ranges.size() < kListMax) continue;
    say(session, std::exchange(message, {}), effects);
    bytes = 0;
  }
  if (!message.ranges.empty()) say(session, message, effects);
  // With its slots full, and room only for shorter tasks than there are, it waits until one of its own ends.
  if (has_room(worker) && (served || worker.outstanding < worker.hello.slots)) roster_.set_idle(worker);
  watch(session, now.steady);
}

// The most urgent job of which the worker may get tasks now, and how many.
BrokerCore::Offer BrokerCore::best_offer(WorkerRecord& worker, Parts& its_part) {
  Offer best;
  if (!has_room(worker)) return best;
  ReadyQueue::Rank best_rank;
  for (const auto& [number, ready_class] : worker.kind->ready) {
    const ReadyQueue::Rank rank = queue_.rank(*ready_class);
    if (best.job != nullptr && best_rank < rank) continue;
    Job& job = queue_.first(*ready_class);
    const auto [part, added] = its_part.try_emplace(number);
    if (added) part->second = share_of_round(*ready_class, worker.hello.slots);
    if (part->second == 0) continue;
    const std::uint64_t tasks = std::min(std::max(part->second, worth_a_message(job)), room(worker, job));
    if (tasks == 0) continue;
    best = {&job, tasks};
    best_rank = rank;
  }
  return best;
}

// So many short tasks go to one worker though others have nothing to do.
std::uint64_t BrokerCore::worth_a_message(const Job& job) {
  return job.task_us > 0 ? static_cast<std::uint64_t>(std::min(kMessageUs / job.task_us, 1e6)) : 1;
}

bool BrokerCore::has_room(const WorkerRecord& worker) const {
  if (worker.state != WorkerState::Active || !has_credit(worker)) return false;
  if (worker.alone || worker.kept_for != nullptr) return false;  // see quarantine.h
  return worker.outstanding < worker.hello.slots || worker.outstanding_us < kPrefetchUs * worker.hello.slots;
}

// How many tasks of this job the worker may get now: to fill its slots, or, if tasks are short, 50 ms of work
// a slot; and within its credit.
std::uint64_t BrokerCore::room(const WorkerRecord& worker, const Job& job) const {
  const std::uint64_t slots = worker.hello.slots;
  std::uint64_t tasks = worker.outstanding < slots ? slots - worker.outstanding : 0;
  if (job.task_us > 0 && job.spec.resources.empty()) {
    const double left_us = kPrefetchUs * static_cast<double>(slots) - worker.outstanding_us;
    if (left_us >= job.task_us) tasks = std::max(tasks, static_cast<std::uint64_t>(left_us / job.task_us));
  }
  for (const auto& [name, amount] : job.spec.resources) {
    if (amount <= 0) continue;
    const double fit = std::floor(worker.resources_free.at(name) / amount + kAmountSlack);
    if (fit < static_cast<double>(tasks))  // may be beyond integers
      tasks = static_cast<std::uint64_t>(std::max(0.0, fit));
  }
  return std::min(tasks, worker.credit_tasks - worker.used_tasks);
}

// Leases the first of these tasks that wait: as many as one batch holds of them, fit a frame, may be aboard
// together, and the limit allows.
TaskRange BrokerCore::hand_out(WorkerRecord& worker, Job& job, IndexRange ready, std::uint64_t limit,
                               const Now& now, Effects& effects) {
  SegmentState state = *job.segments.find(ready.lo);
  Batch& batch = job.batch_of(ready.lo);
  const std::uint64_t in_batch = std::min(ready.hi, batch.first + batch.count) - ready.lo;
  std::uint64_t tasks = std::min({limit, in_batch, std::uint64_t{kFrameTasks}});
  if (state.group > 0) tasks = std::min<std::uint64_t>(tasks, state.group);
  Column arguments = batch.arguments.slice(static_cast<std::uint32_t>(ready.lo - batch.first),
                                           static_cast<std::uint32_t>(tasks));
  const std::uint64_t bytes_max =
      std::min<std::uint64_t>(kFrameBytes, worker.credit_bytes - worker.used_bytes);
  if (arguments.payloads.size() > bytes_max) {
    std::size_t bytes = arguments.length(0);
    for (tasks = 1; tasks < arguments.count() &&
                    bytes + arguments.length(static_cast<std::uint32_t>(tasks)) <= bytes_max;
         ++tasks)
      bytes += arguments.length(static_cast<std::uint32_t>(tasks));
    arguments = arguments.slice(0, static_cast<std::uint32_t>(tasks));
  }
  const IndexRange range{ready.lo, ready.lo + tasks};
  // A job that was not measured yet is taken for one of long tasks.
  const double task_us = job.task_us > 0 ? job.task_us : kPrefetchUs;
  const Lease& lease = leases_.issue(job, worker, range, task_us, now.steady);
  state.state = TaskState::Leased;
  if (state.claimable || state.token != Token{})
    effects.records.push_back(record::Fenced{job.id, range.lo, range.size(), lease.token});
  state.token = lease.token;
  state.spent = state.claimable = state.started = state.missed = state.charged = false;
  set_state(job, range, state);
  drop_handed_out(job, batch);
  worker.leases.insert(lease.token);
  worker.outstanding += tasks;
  worker.outstanding_us += task_us * static_cast<double>(tasks);
  worker.used_tasks += tasks;
  worker.used_bytes += arguments.payloads.size();
  for (const auto& [name, amount] : job.spec.resources)
    worker.resources_free[name] -= amount * static_cast<double>(tasks);
  reload(worker);
  queue_.charge(job.share, task_us * static_cast<double>(tasks));
  job.ready_class->progressed = now.steady;
  counters_.tasks_dispatched += tasks;
  if (!job.started_at) job.started_at = now.utc;
  if (range.hi > job.handed_out) {
    job.handed_out = range.hi + kHandOutAhead;
    effects.records.push_back(record::HandedOut{job.id, job.handed_out, *job.started_at});
  }
  return {job.id,          range.lo,          state.token.epoch,  state.token.lease,
          state.attempt(), job.spec.function, job.spec.signature, job.spec.timeout_ms,
          arguments};
}

// Every change of a job's segments goes through set_state and leave_state, so that counts, queue and segments
// agree.
void BrokerCore::set_state(Job& job, IndexRange range, const SegmentState& state) {
  leave_state(job, range);
  put_state(job, range, state);
}

void BrokerCore::count_in(Job& job, IndexRange range, TaskState state) {
  switch (state) {
    case TaskState::Ready: count_waiting(job, range, 1); return became_ready(job, range.size());
    case TaskState::Leased:
      job.counts.leased += range.size();
      job.ready_class->leased_tasks += range.size();
      leased_tasks_ += range.size();
      return;
    case TaskState::Delayed:
      job.counts.delayed += range.size();
      delayed_tasks_ += range.size();
      return;
    case TaskState::Orphaned:
      job.counts.orphaned += range.size();
      orphaned_tasks_ += range.size();
      return;
    case TaskState::Suspect: count_waiting(job, range, 1); return became_suspect(job, range.size());
    case TaskState::Stored:
      job.counts.stored += range.size();
      job.ready_class->stored_tasks += range.size();
      stored_tasks_ += range.size();
      return want_page(job);
  }
}

void BrokerCore::became_ready(Job& job, std::uint64_t tasks) {
  if (job.ready_class->ready_tasks() == 0) fresh_.emplace(job.ready_class->number(), job.ready_class);
  queue_.grew(job, tasks);
}

// The range leaves the counts of the states it is in, and the segments.
void BrokerCore::leave_state(Job& job, IndexRange range) {
  std::uint64_t covered = 0;
  job.segments.for_each(range, [&](IndexRange part, const SegmentState& state) {
    covered += part.size();
    switch (state.state) {
      case TaskState::Ready:
        count_waiting(job, part, -1);
        queue_.shrank(job, part.size());
        break;
      case TaskState::Leased:
        job.counts.leased -= part.size();
        job.ready_class->leased_tasks -= part.size();
        leased_tasks_ -= part.size();
        break;
      case TaskState::Delayed:
        job.counts.delayed -= part.size();
        delayed_tasks_ -= part.size();
        break;
      case TaskState::Orphaned:
        job.counts.orphaned -= part.size();
        orphaned_tasks_ -= part.size();
        break;
      case TaskState::Suspect:
        count_waiting(job, part, -1);
        no_suspects(job, part.size());
        break;
      case TaskState::Stored:
        job.counts.stored -= part.size();
        job.ready_class->stored_tasks -= part.size();
        stored_tasks_ -= part.size();
        break;
    }
  });
  ZONDA_ASSERT(covered == range.size());
  job.segments.erase(range);
  want_page(job);
}

}  // namespace zonda
