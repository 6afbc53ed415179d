// A broker starts on what an earlier one left. Its records give the jobs back; what was handed out belongs to
// workers that may still run it, so it waits for them for a moment before it goes to others.
#include <algorithm>

#include "broker/core/broker_core.h"
#include "proto/assert.h"

namespace zonda {

using namespace std::chrono_literals;

namespace {
// The pause of peers between two attempts to connect has grown with the time the broker was away, and
// jitters.
constexpr std::chrono::milliseconds kWaitMin = 2s;
constexpr std::chrono::milliseconds kWaitMax = 30s;

TimePoint steady_of(UtcTime at, const Now& now) {
  return now.steady + std::chrono::duration_cast<TimePoint::duration>(at - now.utc);
}
}  // namespace

void BrokerCore::restore(Record& any, const Now& now) {
  std::visit([&](auto& record) { restore(record, now); }, any);
}

void BrokerCore::restore(record::Opened& record, const Now& now) {
  ClientRecord* client = nullptr;
  if (record.owner != JobId{}) {  // it is away; it has its grace to come back
    std::unique_ptr<ClientRecord>& known = clients_[record.owner];
    if (!known) {
      known = std::make_unique<ClientRecord>();
      known->hello.peer = record.owner;
      known->hello.incarnation = record.incarnation;
      known->share_name = record.client;
      known->away_since = now.steady;
      timers_.set(now.steady + config_.client_grace, {Timer::Kind::ClientAway, 0, record.owner, {}});
    }
    client = known.get();
  }
  Job& job = add_job(record.job, record.spec, client, record.client, record.at);
  if (client != nullptr) client->unclaimed.insert(job.id);
  job.scope = record.scope;
  if (!record.spec.key.empty()) keyed_[{record.scope, record.spec.function, record.spec.key}] = job.id;
}

void BrokerCore::restore(record::Released& record, const Now&) {
  Job& job = *find_job(record.job);
  job.log.start_at(record.position);
  job.owner_acked = job.owner_recorded = record.owner_read;
  job.released = std::move(record.done);
  job.counts.values = record.kinds[0];
  std::copy(record.kinds.begin() + 1, record.kinds.end(), job.counts.failed.begin() + 1);
  if (!job.released.empty()) job.count = std::max(job.count, job.released.back().hi);
}

void BrokerCore::restore(record::Appended& record, const Now& now) {
  Job& job = *find_job(record.job);
  Batch batch;
  batch.first = record.first;
  batch.count = batch.open = record.count;
  batch.digest = record.digest;
  batch.slab = std::move(record.slab);
  batch.arguments = record.arguments;
  batch.bytes = record.bytes;
  if (job.spec.deadline_ms > 0)
    batch.deadline = steady_of(record.at + milliseconds_of(job.spec.deadline_ms), now);
  const IndexRange range{record.first, record.first + record.count};
  job.segments.append(range);
  const UtcTime due = record.at + milliseconds_of(job.spec.delay_ms);
  if (job.spec.delay_ms > 0 && due > now.utc) {
    SegmentState delayed;
    delayed.state = TaskState::Delayed;
    job.segments.put(range, delayed);
    delay(job, range, steady_of(due, now));
  }
  job.count = std::max(job.count, range.hi);
  auto done = std::upper_bound(job.released.begin(), job.released.end(), range.lo,
                               [](std::uint64_t lo, const IndexRange& each) { return lo < each.hi; });
  for (; done != job.released.end() && done->lo < range.hi; ++done) {
    const IndexRange part{std::max(done->lo, range.lo), std::min(done->hi, range.hi)};
    job.segments.erase(part);
    batch.open -= static_cast<std::uint32_t>(part.size());
  }
  add_batch(job, std::move(batch));
}

void BrokerCore::restore(record::Attempted& record, const Now& now) {
  Job& job = *find_job(record.job);
  const IndexRange range{record.first, record.first + record.count};
  for (auto& [part, state] : job.segments.parts(range)) {
    state.token = record.token;
    state.spent = record.spent;
    state.errors = record.errors;
    state.crashes = record.crashes;
    state.lost = record.lost;
    state.deaths = record.deaths;
    state.group = record.group;
    state.state = record.due > now.utc ? TaskState::Delayed : state.waiting();
    state.missed = !record.spent;
    state.charged = state.missed && record.attempt.number > 0;
    job.segments.put(part, state);
    for (std::uint64_t index = part.lo; record.attempt.number > 0 && index < part.hi; ++index) {
      std::vector<TaskReport::Attempt>& history = job.histories[index];
      // One that was given up, heard of again and forgiven left no other trace than its number.
      std::erase_if(history, [&](const auto& each) { return each.number >= record.attempt.number; });
      remember(history, record.attempt);
    }
    if (record.due > now.utc)
      timers_.set(steady_of(record.due, now), {Timer::Kind::TaskDue, 0, job.id, part});
  }
}

void BrokerCore::restore(record::Fenced& record, const Now&) {
  Job& job = *find_job(record.job);
  for (auto& [part, state] : job.segments.parts({record.first, record.first + record.count})) {
    state.state = TaskState::Orphaned;
    state.token = record.token;
    state.spent = state.missed = state.charged = false;
    job.segments.put(part, state);
  }
}

void BrokerCore::restore(record::Finished& record, const Now&) {
  Job& job = *find_job(record.job);
  const IndexRange range{record.first, record.first + record.count};
  job.count = std::max(job.count, range.hi);
  for (const auto& [part, state] : job.segments.parts(range))  // batches that are wholly done were not kept
    memory_used_ -= job.close_tasks(part, false);
  job.segments.erase(range);
  if (!job.histories.empty())
    job.histories.erase(job.histories.lower_bound(range.lo), job.histories.lower_bound(range.hi));
  job.counts.add_outcomes(range.size(), record.kinds);
  LogChunk chunk;
  chunk.first = record.first;
  chunk.attempt = record.attempt;
  chunk.epoch = record.epoch;
  chunk.worker = std::move(record.worker);
  chunk.tasks = record.count;
  chunk.bytes = record.bytes;
  chunk.slab = std::move(record.slab);
  chunk.kinds = record.kinds;
  chunk.outcomes = record.outcomes;
  const LogChunk& logged = job.log.append(std::move(chunk));
  ZONDA_ASSERT(logged.position == record.position);
  keep_last_outcomes(job);
  count_unread(job);
  job.finished_at = record.at;
}

void BrokerCore::restore(record::HandedOut& record, const Now&) {
  Job& job = *find_job(record.job);
  job.handed_out = record.upto;
  job.started_at = record.at;
}

void BrokerCore::restore(record::Closed& record, const Now&) {
  Job& job = *find_job(record.job);
  job.state = record.cancelled ? JobState::Cancelled : JobState::Closed;
  job.cut = true;  // whoever closed it: what comes on top was on its way
  job.count = std::max(job.count, record.count);
}

void BrokerCore::restore(record::Summarised& record, const Now&) {
  record.summary.age = ++jobs_opened_;
  history_.push_back(std::move(record.summary));
}

void BrokerCore::restore(record::Forgotten&, const Now&) {}

void BrokerCore::restore(record::Started&, const Now&) {}

void BrokerCore::restore(record::Joined& record, const Now&) { awaited_.insert(record.peer); }

void BrokerCore::restore(record::Left& record, const Now&) { awaited_.erase(record.peer); }

void BrokerCore::restore(record::Stopped& record, const Now&) { stopped_ = std::move(record); }

// What may be held by a worker is an orphan until that worker is back. After a stop in order, that is what
// the store says; after a crash, all that was handed out as far as the store knows.
void BrokerCore::orphan_tasks(Job& job) {
  for (auto& [part, state] : job.segments.parts({0, job.count})) {
    const bool waits = state.state == TaskState::Ready || state.state == TaskState::Suspect;
    if (stopped_) {
      if (state.state == TaskState::Orphaned) state.state = state.waiting();
    } else if (waits && state.token == Token{} && part.lo < job.handed_out) {
      part.hi = std::min(part.hi, job.handed_out);
      state.state = TaskState::Orphaned;
      state.claimable = true;
    } else if (waits && state.token != Token{} && !state.spent) {  // its holder, given up once, may be back
      state.state = TaskState::Orphaned;
    }
    job.segments.put(part, state);
  }
}

void BrokerCore::restored(const Now& now, std::chrono::milliseconds downtime, Effects& effects) {
  for (auto& [id, job] : jobs_) orphan_tasks(*job);
  for (const record::Stopped::Lease& lease : stopped_.value_or(record::Stopped{}).leases) {
    Job* job = find_job(lease.job);
    if (job == nullptr) continue;
    for (auto& [part, state] : job->segments.parts({lease.first, lease.first + lease.count})) {
      state.state = TaskState::Orphaned;
      state.token = lease.token;
      state.spent = false;
      job->segments.put(part, state);
    }
  }
  if (stopped_) effects.records.push_back(record::Started{});
  stopped_.reset();
  std::uint64_t ready = 0;
  for (auto& [id, job] : jobs_) {
    job->released.clear();
    for (const auto& [part, state] : job->segments.parts({0, job->count})) put_state(*job, part, state);
    ready += job->counts.queued();
    if (!job->is_closed() || job->counts.open() > 0) job->finished_at.reset();
    if (job->spec.deadline_ms > 0) watch_deadline(*job);
    if (job->owner_acked > job->log.begin())
      timers_.set(now.steady + config_.client_grace, {Timer::Kind::Unread, 0, id, {}});
    completions_due_.insert(id);
  }
  event(effects, "recovered jobs=" + std::to_string(jobs_.size()) + " queued=" + std::to_string(ready) +
                     " orphaned=" + std::to_string(orphaned_tasks_) + " workers=" +
                     std::to_string(awaited_.size()) + " downtime_ms=" + std::to_string(downtime.count()));
  if (awaited_.empty()) return end_recovery(effects);
  const auto wait = std::clamp(2 * downtime, kWaitMin, kWaitMax);
  timers_.set(now.steady + wait, {Timer::Kind::Recovery, 0, {}, {}});
}

// It said all that it holds. When all are back, nobody else can hold anything.
void BrokerCore::came_back(const JobId& peer, Effects& effects) {
  if (awaited_.erase(peer) > 0 && awaited_.empty()) end_recovery(effects);
}

void BrokerCore::end_recovery(Effects& effects) {
  for (const JobId& peer : std::exchange(awaited_, {})) {
    if (roster_.find(peer) == nullptr) effects.records.push_back(record::Left{peer});  // else it is joining
  }
  if (orphaned_tasks_ == 0) return;
  event(effects, "orphans-requeued tasks=" + std::to_string(orphaned_tasks_));
  for (auto& [id, job] : jobs_) {
    if (job->counts.orphaned == 0) continue;
    const auto is_orphaned = [](const SegmentState& state) { return state.state == TaskState::Orphaned; };
    for (auto& [part, state] : job->segments.parts({0, job->count}, is_orphaned)) {
      state.state = state.waiting();
      set_state(*job, part, state);
    }
  }
}

// The next start need not wait for anybody but those who hold something now. If somebody may still hold what
// we do not know of, there is nothing exact to say.
void BrokerCore::stop(Effects& effects) {
  record::Stopped stopped;
  for (const auto& [id, job] : jobs_) {
    bool unknown = false;
    job->segments.for_each({0, job->count}, [&, &job = job](IndexRange part, const SegmentState& state) {
      if (state.state == TaskState::Leased)
        stopped.leases.push_back(
            {leases_.find(state.token)->worker->hello.peer, job->id, part.lo, part.size(), state.token});
      else if (state.state == TaskState::Orphaned && !state.claimable)
        stopped.leases.push_back({JobId{}, job->id, part.lo, part.size(), state.token});
      unknown = unknown || (state.claimable && state.state != TaskState::Leased);
    });
    if (unknown) return;
  }
  effects.records.push_back(std::move(stopped));
}

}  // namespace zonda
