#include "broker/core/quarantine.h"

#include "broker/core/broker_core.h"
#include "proto/assert.h"

namespace zonda {

using namespace std::chrono_literals;

namespace {
constexpr auto kPatience = 1s;    // so long suspects wait for a worker that has nothing to do by itself
constexpr auto kStopTakes = 10s;  // what was told to stop may run on for so long, where nothing can be killed
}  // namespace

// ---------------------------------------------------------------------------------------------- the queue

void Quarantine::line_up(Job& job) {
  job.turn = ++last_turn_;
  job.ready_class->ward.jobs.emplace(job.turn, &job);
}

void Quarantine::grew(Job& job, std::uint64_t tasks) {
  if (tasks == 0) return;
  Ward& ward = job.ready_class->ward;
  if (ward.tasks == 0) {
    for (WorkerKind* kind : job.ready_class->kinds)
      kind->wards.emplace(job.ready_class->number(), job.ready_class);
  }
  if (job.counts.suspects == 0) line_up(job);
  job.counts.suspects += tasks;
  ward.tasks += tasks;
  tasks_ += tasks;
}

void Quarantine::shrank(Job& job, std::uint64_t tasks) {
  if (tasks == 0) return;
  ZONDA_ASSERT(job.counts.suspects >= tasks);
  Ward& ward = job.ready_class->ward;
  job.counts.suspects -= tasks;
  ward.tasks -= tasks;
  tasks_ -= tasks;
  if (job.counts.suspects == 0) ward.jobs.erase(std::exchange(job.turn, 0));
  if (ward.tasks > 0) return;
  for (WorkerKind* kind : job.ready_class->kinds) kind->wards.erase(job.ready_class->number());
}

void Quarantine::served(Job& job) {
  if (job.counts.suspects == 0) return;
  job.ready_class->ward.jobs.erase(job.turn);
  line_up(job);
}

// ---------------------------------------------------------------------------------------------- blame

// A worker is gone, and with it what it held. What is known to have started is charged with the loss; the
// rest goes back free. All of it was there: see above.
void BrokerCore::lose_tasks(WorkerRecord& worker, const Now& now, Effects& effects) {
  const bool nobody_else = worker.alone && worker.outstanding == 1 &&  //
                           now.steady - worker.stopped_at > kStopTakes;
  for (const Token token : std::set(worker.leases)) {
    const Lease lease = *leases_.find(token);
    Job& job = *lease.job;
    const auto is_leased = [&](const SegmentState& state) {
      return state.state == TaskState::Leased && state.token == token;
    };
    for (auto& [part, state] : job.segments.parts(lease.range, is_leased)) {
      release_lease(part, state);
      ++state.deaths;
      state.group = static_cast<std::uint32_t>((lease.open + 1) / 2);
      if (state.deaths == kDeathsUnblamed)
        event(effects, "quarantined job=" + to_string(job.id) + " first=" + std::to_string(part.lo) +
                           " tasks=" + std::to_string(part.size()));
      if (nobody_else && lease.range.size() == 1)
        charge_crash(job, part.lo, state, worker, now, effects);
      else
        lose_range(job, part, state, worker, now, effects);
    }
  }
}

void BrokerCore::charge_crash(Job& job, std::uint64_t index, const SegmentState& state,
                              const WorkerRecord& worker, const Now& now, Effects& effects) {
  ++counters_.tasks_lost;
  TaskReport report;
  report.kind = TaskReport::crashed;
  report.type = "worker-died";
  report.message =
      "the worker died while only this task ran on it: " + worker.hello.name + " on " + worker.hello.host;
  fail_task(job, index, state, std::move(report), {}, &worker, now, effects);
}

void BrokerCore::lose_range(Job& job, IndexRange part, SegmentState state, const WorkerRecord& worker,
                            const Now& now, Effects& effects) {
  (state.started ? counters_.tasks_lost : counters_.tasks_returned) += part.size();
  for (std::uint64_t index = part.lo; state.started && index < part.hi; ++index) {
    TaskReport report;
    report.kind = TaskReport::lost;
    report.message = "worker " + worker.hello.name + " on " + worker.hello.host + " vanished while it ran";
    fail_task(job, index, state, std::move(report), {}, &worker, now, effects);
  }
  if (state.started) return;
  effects.records.push_back(record::Attempted{job.id,
                                              part.lo,
                                              part.size(),
                                              state.token,
                                              false,
                                              state.errors,
                                              state.crashes,
                                              state.lost,
                                              state.deaths,
                                              state.group,
                                              {},
                                              {}});
  state.state = state.waiting();
  state.missed = true;
  set_state(job, part, state);
}

// A holder that was given up is heard of again before its tasks went to another: nothing was lost.
void BrokerCore::forgive(Job& job, IndexRange part, SegmentState& state) {
  if (!std::exchange(state.missed, false)) return;
  --state.deaths;
  if (!std::exchange(state.charged, false)) return;
  --state.lost;
  for (std::uint64_t index = part.lo; index < part.hi; ++index) {
    const auto history = job.histories.find(index);
    if (history != job.histories.end() && !history->second.empty()) history->second.pop_back();
  }
}

// ---------------------------------------------------------------------------------------------- service

void BrokerCore::became_suspect(Job& job, std::uint64_t tasks) {
  if (job.ready_class->ward.tasks == 0) fresh_wards_.emplace(job.ready_class->number(), job.ready_class);
  quarantine_.grew(job, tasks);
}

void BrokerCore::no_suspects(Job& job, std::uint64_t tasks) {
  quarantine_.shrank(job, tasks);
  if (job.ready_class->ward.tasks == 0) let_go(job.ready_class->ward, false);
}

// The worker that is set apart for these, if there is one, is for everybody again; one that has its group
// only if `with_group`.
void BrokerCore::let_go(Ward& ward, bool with_group) {
  WorkerRecord* worker = roster_.find(ward.worker);
  if (worker == nullptr || (worker->alone && !with_group)) return;
  ward.worker = 0;
  worker->kept_for = nullptr;
  hungry(*worker);
}

bool BrokerCore::has_credit(const WorkerRecord& worker) const {
  return worker.used_tasks < worker.credit_tasks && worker.used_bytes < worker.credit_bytes;
}

// The group that was alone here is over. The next one that needs a worker to be set apart waits as long.
void BrokerCore::end_visit(WorkerRecord& worker, const Now& now) {
  worker.alone = false;
  if (worker.kept_for == nullptr) return;
  Ward& ward = worker.kept_for->ward;
  ward.due = now.steady + std::min<TimePoint::duration>(kPatience, now.steady - worker.alone_since);
  let_go(ward, true);
}

// True if a worker that may have room gets nothing from the ready queue now: a group in quarantine is there,
// or it waits for one.
bool BrokerCore::is_set_apart(WorkerRecord& worker, const Now& now, Effects& effects) {
  if (worker.alone && worker.outstanding == 0) end_visit(worker, now);
  if (worker.alone) return true;
  const bool empty = worker.outstanding == 0;
  if (empty && !has_credit(worker)) return worker.kept_for != nullptr;
  if (worker.kept_for != nullptr) {
    if (empty) run_alone(worker, *worker.kept_for, now, effects);
    return true;
  }
  for (const auto& [number, ready_class] : worker.kind->wards) {
    const WorkerRecord* kept = roster_.find(ready_class->ward.worker);
    const bool serves = kept != nullptr && kept->state == WorkerState::Active && (kept->alone || !empty);
    if (serves || ready_class->ward.due > now.steady) continue;
    let_go(ready_class->ward, true);
    ready_class->ward.worker = worker.number;
    worker.kept_for = ready_class;
    roster_.set_busy(worker);
    if (empty) run_alone(worker, *ready_class, now, effects);
    return true;
  }
  return false;
}

// Suspects that are new have their moment to wait, and workers that still have nothing are for them.
void BrokerCore::use_idle_workers(const std::vector<std::uint64_t>& workers, const Now& now,
                                  Effects& effects) {
  for (const std::uint64_t number : workers) {
    WorkerRecord& worker = *roster_.find(number);
    if (worker.idle_entry && worker.outstanding == 0 && !worker.kind->wards.empty())
      run_alone(worker, *worker.kind->wards.begin()->second, now, effects);
  }
  for (const auto& [number, ready_class] : std::exchange(fresh_wards_, {})) {
    ready_class->ward.due = now.steady + kPatience;
    for (WorkerKind* kind : ready_class->kinds) {
      while (ready_class->ward.tasks > 0 && !kind->idle.empty()) {
        WorkerRecord& worker = *roster_.find(kind->idle.begin()->second);
        if (worker.outstanding > 0) break;  // the least loaded comes first
        run_alone(worker, *ready_class, now, effects);
      }
    }
  }
}

// Hands the next group of the class to a worker that has nothing, and will get nothing else.
void BrokerCore::run_alone(WorkerRecord& worker, ReadyClass& ready_class, const Now& now, Effects& effects) {
  Session& session = *sessions_.find(worker.session);
  Job& job = Quarantine::first(ready_class);
  const IndexRange group = *job.segments.first_suspect();
  const Slab alive = job.batch_of(group.lo).slab;  // what the message's views point into
  roster_.set_busy(worker);
  worker.alone = true;
  worker.alone_since = now.steady;
  Tasks message;
  message.ranges.push_back(hand_out(worker, job, group, room(worker, job), now, effects));
  quarantine_.served(job);
  say(session, message, effects);
  watch(session, now.steady);
}

}  // namespace zonda
