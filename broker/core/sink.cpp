// Outcomes come in. One compare-and-set decides: an outcome counts if its task is not done and no later token
// was issued for it. This is decided per task, also when a message carries a range.
#include <algorithm>

#include "broker/core/broker_core.h"
#include "proto/assert.h"
#include "proto/report.h"

namespace zonda {

namespace {
constexpr auto kClocksDiffer = std::chrono::minutes(1);
}  // namespace

void BrokerCore::on(const WorkerResults& results, Session& session, const Now& now, Effects& effects) {
  session.worker->stuck = false;
  reload(*session.worker);
  for (const ResultRange& range : results.ranges) take_range(range, session.worker, now, effects);
  hungry(*session.worker);
}

void BrokerCore::take_range(const ResultRange& range, WorkerRecord* worker, const Now& now,
                            Effects& effects) {
  const IndexRange told{range.first, range.first + range.outcomes.count()};
  Job* job = find_job(range.job);
  std::uint64_t current = 0;
  // A worker finishes what it holds, or what was taken from it and not given to another.
  const Lease* lease = leases_.find(range.token());
  const bool may = lease == nullptr || (lease->worker == worker && lease->job == job);
  if (job != nullptr && may) {
    Segments::Parts parts = job->segments.parts(
        told, [&](const SegmentState& state) { return state.counts(range.token(), config_.epoch); });
    if (!parts.empty() && lease != nullptr) measure(*job, range, *lease, now);
    for (auto& [part, state] : parts) {
      current += part.size();
      forgive(*job, part, state);
      release_lease(part, state);  // of whoever holds it
      state.state = TaskState::Ready;
      state.token = range.token();
      take_current(*job, range, part, state, worker, now, effects);
    }
  }
  counters_.results_stale += told.size() - current;  // acknowledged all the same, so that they are forgotten
}

void BrokerCore::take_current(Job& job, const ResultRange& range, IndexRange part, const SegmentState& state,
                              WorkerRecord* worker, const Now& now, Effects& effects) {
  const auto offset = static_cast<std::uint32_t>(part.lo - range.first);
  const auto count = static_cast<std::uint32_t>(part.size());
  const std::string_view kinds = range.kinds.empty() ? range.kinds : range.kinds.substr(offset, count);
  if (std::any_of(kinds.begin(), kinds.end(), [](char kind) { return kind != 0; }))
    return take_failures(job, range, part, state, worker, now, effects);
  LogChunk chunk;
  chunk.first = part.lo;
  chunk.attempt = state.attempt();
  chunk.worker = worker->hello.name;
  chunk.outcomes = count == range.outcomes.count() ? range.outcomes : range.outcomes.slice(offset, count);
  chunk.slab = keep(chunk.outcomes);
  worker->done += count;
  record_done(job, std::move(chunk), now, effects);
}

// A range with failures in it is taken apart: each failure may be retried, the values between them are
// recorded.
void BrokerCore::take_failures(Job& job, const ResultRange& range, IndexRange part, const SegmentState& state,
                               WorkerRecord* worker, const Now& now, Effects& effects) {
  std::uint64_t values_from = part.lo;
  const auto record_values_upto = [&](std::uint64_t end) {
    if (values_from >= end) return;
    const auto offset = static_cast<std::uint32_t>(values_from - range.first);
    const auto count = static_cast<std::uint32_t>(end - values_from);
    ResultRange values = range;
    values.first = values_from;
    values.kinds = {};
    values.outcomes = range.outcomes.slice(offset, count);
    take_current(job, values, {values_from, end}, state, worker, now, effects);
  };
  const Column told = range.outcomes.slice(static_cast<std::uint32_t>(part.lo - range.first),
                                           static_cast<std::uint32_t>(part.size()));
  for_each_value(told, [&](std::uint32_t at, std::string_view payload) {
    const std::uint64_t index = part.lo + at;
    const auto kind = static_cast<std::uint8_t>(range.kinds[index - range.first]);
    if (kind == 0) return;
    record_values_upto(index);
    values_from = index + 1;
    TaskReport report = decode_report(payload).value_or(TaskReport{});
    // Only these are a worker's to say; whatever else it claims, the attempt failed.
    const bool known =
        kind == TaskReport::failed || kind == TaskReport::crashed || kind == TaskReport::timed_out;
    report.kind = known ? static_cast<TaskReport::Kind>(kind) : TaskReport::failed;
    ++worker->failed;
    fail_task(job, index, state, std::move(report), payload, worker, now, effects);
  });
  record_values_upto(part.hi);
}

// How long the job's tasks take: an average in which new measurements weigh more. Nobody was busy for longer
// than it held the lease, but for a little that clocks may differ. What the tasks took beyond what was
// expected is charged to their share.
void BrokerCore::measure(Job& job, const ResultRange& range, const Lease& lease, const Now& now) {
  const double count = std::max<double>(range.outcomes.count(), 1);
  const std::chrono::duration<double, std::micro> held = now.steady - lease.since + kClocksDiffer;
  const double busy_us =
      std::min(static_cast<double>(range.busy_us), held.count() * lease.worker->hello.slots);
  const double task_us = std::max(0.05, busy_us / count);
  queue_.charge(job.share, std::max(0.0, (task_us - lease.task_us) * count));
  for (double* mean : {&job.task_us, &job.ready_class->task_us}) {
    const double weight = *mean == 0 ? 1.0 : std::min(0.5, 0.1 + count / 1'000);
    *mean += (task_us - *mean) * weight;
  }
}

bool BrokerCore::may_retry(const Job& job, const SegmentState& state, TaskReport::Kind kind) const {
  if (job.state == JobState::Cancelled) return false;
  if (kind == TaskReport::lost) return state.lost < config_.lost_limit;
  return state.errors + state.crashes < job.spec.retries;  // both bounded together
}

// An attempt ended without a value. `state` is that of the attempt, whose lease was released.
void BrokerCore::fail_task(Job& job, std::uint64_t index, const SegmentState& state, TaskReport report,
                           std::string_view told, const WorkerRecord* worker, const Now& now,
                           Effects& effects) {
  const std::string worker_name = worker == nullptr ? std::string() : worker->hello.name;
  const std::string host = worker == nullptr ? std::string() : worker->hello.host;
  const TaskReport::Kind kind = report.kind;
  if (may_retry(job, state, kind)) {
    std::vector<TaskReport::Attempt>& history = job.histories[index];
    remember(history, {kind, state.attempt(), worker_name, host, report.message});
    SegmentState next = state;
    next.started = false;
    // This attempt has ended, and nothing that repeats it may count again. A lost one may still be heard of.
    next.spent = kind != TaskReport::lost;
    next.missed = next.charged = kind == TaskReport::lost;
    if (kind == TaskReport::lost)
      ++next.lost;
    else if (kind == TaskReport::crashed)
      ++next.crashes;
    else
      ++next.errors;
    ++counters_.tasks_retried;
    record::Attempted record{job.id,       index,     1,           next.token, next.spent, next.errors,
                             next.crashes, next.lost, next.deaths, next.group, {},         history.back()};
    if (kind == TaskReport::lost) {
      next.state = next.waiting();
      effects.records.push_back(std::move(record));
      return set_state(job, {index, index + 1}, next);
    }
    // Full jitter: anywhere between now and a bound that doubles.
    const auto bound = std::min<std::chrono::milliseconds>(
        config_.backoff_max, config_.backoff_base * (1LL << std::min(20U, state.errors + state.crashes)));
    const auto wait = std::chrono::milliseconds(
        static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(bound.count() + 1)));
    next.state = TaskState::Delayed;
    set_state(job, {index, index + 1}, next);
    record.due = now.utc + wait;
    effects.records.push_back(std::move(record));
    return void(timers_.set(now.steady + wait, {Timer::Kind::TaskDue, 0, job.id, {index, index + 1}}));
  }
  report.worker = worker_name;
  report.host = host;
  report.attempts = static_cast<int>(state.attempt());
  report.history.clear();  // the attempts are ours to tell
  if (const auto history = job.histories.find(index); history != job.histories.end())
    report.history = history->second;
  remember(report.history, {kind, state.attempt(), worker_name, host, report.message});
  record_report(job, index, report, told, state, worker_name, now, effects);
}

void BrokerCore::record_report(Job& job, std::uint64_t index, const TaskReport& report, std::string_view told,
                               const SegmentState& state, const std::string& worker, const Now& now,
                               Effects& effects) {
  const std::string payload = encode_report(report, told);
  const auto length = static_cast<std::uint32_t>(payload.size());
  std::string head(5, '\0');
  std::memcpy(head.data(), &length, 4);
  head[4] = static_cast<char>(report.kind);
  LogChunk chunk;
  chunk.first = index;
  chunk.attempt = state.attempt();
  chunk.worker = worker;
  chunk.slab = Slab(head, payload);
  const std::string_view bytes = chunk.slab.view();
  chunk.outcomes = {bytes.substr(0, 4), bytes.substr(5)};
  chunk.kinds = bytes.substr(4, 1);
  record_done(job, std::move(chunk), now, effects);
}

// The only place where tasks become done.
void BrokerCore::record_done(Job& job, LogChunk chunk, const Now& now, Effects& effects) {
  const IndexRange range{chunk.first, chunk.first + chunk.outcomes.count()};
  leave_state(job, range);
  memory_used_ -= job.close_tasks(range, job.spec.detached && !is_durable());
  if (!job.histories.empty())
    job.histories.erase(job.histories.lower_bound(range.lo), job.histories.lower_bound(range.hi));
  job.counts.add_outcomes(range.size(), chunk.kinds);
  if (chunk.kinds.empty()) counters_.tasks_done += range.size();
  for (const char kind : chunk.kinds)
    ++(kind == TaskReport::cancelled ? counters_.tasks_cancelled : counters_.tasks_failed);
  chunk.epoch = config_.epoch;
  const LogChunk& logged = job.log.append(std::move(chunk));
  effects.records.push_back(record::Finished{job.id, logged.position, logged.first, logged.count(),
                                             logged.attempt, logged.epoch, logged.worker, logged.slab.size(),
                                             now.utc, logged.slab, logged.kinds, logged.outcomes});
  keep_last_outcomes(job);
  count_unread(job);
  deliveries_due_.insert(job.id);
  completions_due_.insert(job.id);
  const std::uint64_t failed = job.counts.failed_total() - job.counts.failed[TaskReport::cancelled];
  if (job.spec.fails_max > 0 && failed >= job.spec.fails_max)
    cancels_due_.insert(job.id);  // not while it is walked
}

// These tasks are not with their worker any more.
void BrokerCore::release_lease(IndexRange part, const SegmentState& state) {
  if (state.state == TaskState::Leased) settle_lease(state.token, part.size());
}

void BrokerCore::settle_lease(Token token, std::uint64_t tasks) {
  Lease* lease = leases_.find(token);
  ZONDA_ASSERT(lease != nullptr && lease->open >= tasks);
  WorkerRecord& worker = *lease->worker;
  lease->open -= tasks;
  worker.outstanding -= tasks;
  worker.outstanding_us =
      worker.outstanding == 0 ? 0 : worker.outstanding_us - lease->task_us * static_cast<double>(tasks);
  for (const auto& [name, amount] : lease->job->spec.resources)
    worker.resources_free[name] += amount * static_cast<double>(tasks);
  if (worker.outstanding == 0) worker.resources_free = worker.hello.resources;  // no fraction is ever lost
  if (lease->open == 0) {
    worker.leases.erase(token);
    leases_.remove(token);
  }
  reload(worker);
  hungry(worker);
}

}  // namespace zonda
