// Time passes, peers vanish, tasks come back.
#include <algorithm>

#include "broker/core/broker_core.h"
#include "proto/assert.h"

namespace zonda {

namespace {
// What a peer says it holds of a lease, and no more than the lease had.
IndexRange within(const Lease& lease, const Held& held) {
  const std::uint64_t end = held.first + std::min(held.count, ~held.first);
  return {std::max(held.first, lease.range.lo), std::min(end, lease.range.hi)};
}
}  // namespace

void BrokerCore::do_due(const Now& now, Effects& effects) {
  while (const std::optional<Timer> timer = timers_.take_due(now.steady)) {
    switch (timer->kind) {
      case Timer::Kind::Session: check_session(timer->number, now, effects); break;
      case Timer::Kind::WorkerAway: {
        WorkerRecord* worker = roster_.find(timer->number);
        if (worker == nullptr || worker->state != WorkerState::Away) break;
        if (now.steady < no_expiry_before_)  // it may have come back, and we have not read it yet
          timers_.set(no_expiry_before_, *timer);
        else if (now.steady - worker->away_since >= config_.away_grace)  // else it was back in between
          lose_worker(*worker, "gone", now, effects);
        break;
      }
      case Timer::Kind::ClientAway: {
        const auto at = clients_.find(timer->job);
        if (at == clients_.end() || at->second->session != 0) break;
        if (now.steady < no_expiry_before_)
          timers_.set(no_expiry_before_, *timer);
        else if (now.steady - at->second->away_since >= config_.client_grace)
          lose_client(*at->second, "gone", now, effects);
        break;
      }
      case Timer::Kind::Unclaimed: {
        const auto at = clients_.find(timer->job);
        if (at == clients_.end() || at->second->session != timer->number) break;
        if (now.steady < no_expiry_before_)
          timers_.set(no_expiry_before_, *timer);
        else
          disown_unclaimed(*at->second, now, effects);
        break;
      }
      case Timer::Kind::Unread:
        if (Job* job = find_job(timer->job)) release_read(*job, effects);
        break;
      case Timer::Kind::Recovery: end_recovery(effects); break;
      case Timer::Kind::TaskDue:
        if (Job* job = find_job(timer->job)) make_due(*job, timer->range);
        break;
      case Timer::Kind::Delay: end_delays(*find_job(timer->job), now); break;
      case Timer::Kind::Deadline: expire_tasks(*find_job(timer->job), now, effects); break;
      case Timer::Kind::Forget: {
        Job& job = *find_job(timer->job);
        job.forget_timer.reset();
        forget(job, effects);
        break;
      }
    }
  }
}

std::chrono::milliseconds BrokerCore::silence_before_probe(const Session& session) const {
  if (session.worker == nullptr) return config_.lease;  // a client is not probed: nothing waits for it
  if (!session.worker->leases.empty()) return config_.probe;
  const auto due = idle_heartbeat(config_.heartbeat, config_.lease);
  return std::min(due + due / 2, config_.lease);  // its heartbeat is overdue
}

// Sets the session's timer for the next moment at which its silence would mean something.
void BrokerCore::watch(Session& session, TimePoint now) {
  const bool holds_leases = session.worker != nullptr && !session.worker->leases.empty();
  const auto wait = silence_before_probe(session);
  TimePoint at = std::max(session.last_heard + wait, now + std::chrono::milliseconds(1));
  if (now < no_expiry_before_ && !holds_leases) at = std::max(at, no_expiry_before_);
  if (session.timer_at > now && session.timer_at <= at) return;  // it will look in time
  session.timer_at = at;
  timers_.set(at, {Timer::Kind::Session, session.number, {}, {}});
}

void BrokerCore::check_session(std::uint64_t number, const Now& now, Effects& effects) {
  Session* session = sessions_.find(number);
  if (session == nullptr || session->timer_at > now.steady) return;  // over, or an older timer
  const auto silent = now.steady - session->last_heard;
  if (silent >= config_.lease && now.steady >= no_expiry_before_) {
    const std::uint64_t closing = session->number;
    if (session->worker != nullptr)
      lose_worker(*session->worker, "silent", now, effects);
    else {
      ClientRecord& client = *session->client;
      client.session = 0;
      client.away_since = session->last_heard;
      timers_.set(session->last_heard + config_.client_grace,
                  {Timer::Kind::ClientAway, 0, client.hello.peer, {}});
    }
    return close_session(closing, effects);
  }
  if (session->worker != nullptr && silent >= silence_before_probe(*session)) {
    // If its process died, the connection is gone and the wire tells us; if it only works, this costs a
    // frame.
    say(*session, Heartbeat{}, effects);
    seems_stuck(*session->worker);
    const auto pause = session->worker->leases.empty() ? config_.heartbeat : config_.probe;
    session->timer_at = now.steady + pause;
    if (silent < config_.lease)
      session->timer_at = std::min(session->timer_at, session->last_heard + config_.lease);
    return void(timers_.set(session->timer_at, {Timer::Kind::Session, number, {}, {}}));
  }
  watch(*session, now.steady);
}

void BrokerCore::connection_gone(Connection connection, const Now& now, Effects& effects) {
  Session* session = sessions_.find(connection);
  if (session == nullptr) return;
  ClientRecord* client = session->client;
  if (session->worker != nullptr) worker_away(*session->worker, now, effects);
  close_session(session->number, effects);
  if (client != nullptr && client->jobs.empty()) {  // nothing to come back to
    clients_.erase(client->hello.peer);
  } else if (client != nullptr) {
    client->session = 0;
    client->away_since = now.steady;
    timers_.set(now.steady + config_.client_grace, {Timer::Kind::ClientAway, 0, client->hello.peer, {}});
  }
}

void BrokerCore::worker_away(WorkerRecord& worker, const Now& now, Effects& effects) {
  event(effects, "worker-away worker=" + worker.hello.name + " tasks=" + std::to_string(worker.outstanding));
  roster_.set_busy(worker);
  worker.state = WorkerState::Away;
  worker.away_since = now.steady;
  worker.session = 0;
  reload(worker);
  timers_.set(now.steady + config_.away_grace, {Timer::Kind::WorkerAway, worker.number, {}, {}});
}

void BrokerCore::lose_worker(WorkerRecord& worker, const char* why, const Now& now, Effects& effects) {
  event(effects, "worker-lost worker=" + worker.hello.name + " host=" + worker.hello.host + " reason=" + why +
                     " tasks=" + std::to_string(worker.outstanding));
  ++counters_.workers_lost;
  lose_tasks(worker, now, effects);
  close_session(worker.session, effects);
  remove_worker(worker, effects);
}

void BrokerCore::remove_worker(WorkerRecord& worker, Effects& effects) {
  effects.records.push_back(record::Left{worker.hello.peer});
  came_back(worker.hello.peer, effects);  // it holds nothing any more
  hungry_.erase(worker.number);
  if (worker.kept_for != nullptr) worker.kept_for->ward.worker = 0;
  roster_.remove(worker);
}

// What of this range is leased under `token` waits again, free of charge.
void BrokerCore::give_back(Job& job, IndexRange range, Token token) {
  const auto is_leased = [&](const SegmentState& state) {
    return state.state == TaskState::Leased && state.token == token;
  };
  for (auto& [part, state] : job.segments.parts(range, is_leased)) {
    release_lease(part, state);
    counters_.tasks_returned += part.size();
    state.state = state.waiting();
    state.started = false;
    set_state(job, part, state);
  }
}

// Without a reason it left in order, which is no news.
void BrokerCore::lose_client(ClientRecord& client, const char* why, const Now& now, Effects& effects) {
  if (why != nullptr) event(effects, "client-lost client=" + client.share_name + " reason=" + why);
  close_session(client.session, effects);
  for (const JobId& id : std::set(client.jobs)) disown(*find_job(id), now, effects);
  clients_.erase(client.hello.peer);
}

// Its client is gone, or does not know it any more.
void BrokerCore::disown(Job& job, const Now& now, Effects& effects) {
  if (!job.spec.detached) job.client->unread_bytes -= std::exchange(job.unread_bytes, 0);
  job.client->forget(job.id);
  job.client = nullptr;
  completions_due_.insert(job.id);
  if (!job.spec.detached)
    cancel_job(job, now, effects);
  else if (!job.is_closed()) {
    job.state = JobState::Closed;  // nobody can add to it any more
    effects.records.push_back(record::Closed{job.id, job.count, false});
    accept_for_readers(job);
  }
}

// A client opens all of its jobs again that it still knows. What else is here was over for it before the
// store was set back.
void BrokerCore::disown_unclaimed(ClientRecord& client, const Now& now, Effects& effects) {
  for (const JobId& id : std::exchange(client.unclaimed, {})) disown(*find_job(id), now, effects);
}

// The sink lane is not ordered with this one, so frames it tells of may still come. If none came until the
// next heartbeat, the last ones were lost; if they are read at all.
void BrokerCore::on(const Heartbeat& heartbeat, Session& session, const Now& now, Effects& effects) {
  const bool behind = reads_sink() && heartbeat.sink_sent > session.sink.last();
  if (behind && session.sink_behind == session.sink.last()) ask_resend(session, now.steady);
  session.sink_behind = behind ? session.sink.last() : ~0ULL;
  if (heartbeat.answer) return say(session, Heartbeat{}, effects);
}

void BrokerCore::on(const Started& started, Session& session, const Now&, Effects&) {
  for (const Held& held : started.tasks) {
    Job* job = find_job(held.job);
    const Lease* lease = leases_.find(held.token());
    if (job == nullptr || lease == nullptr || lease->worker != session.worker) continue;
    const auto is_its_own = [&](const SegmentState& state) {
      return state.state == TaskState::Leased && state.token == held.token();
    };
    for (auto& [part, state] : job->segments.parts(within(*lease, held), is_its_own)) {
      state.started = true;
      set_state(*job, part, state);
    }
  }
}

void BrokerCore::on(const Returned& returned, Session& session, const Now&, Effects&) {
  for (const Held& held : returned.tasks) {
    Job* job = find_job(held.job);
    Lease* lease = leases_.find(held.token());
    if (job == nullptr || lease == nullptr || lease->worker != session.worker) continue;
    const bool asked_for = std::exchange(lease->asked_back, std::nullopt).has_value();
    give_back(*job, within(*lease, held), held.token());
    if (asked_for) keep_from(*session.worker);
  }
}

void BrokerCore::on(const Drain&, Session& session, const Now&, Effects& effects) {
  WorkerRecord& worker = *session.worker;
  worker.drain_asked = true;
  if (worker.state != WorkerState::Active) return;
  roster_.set_busy(worker);
  worker.state = WorkerState::Draining;
  reload(worker);
  event(effects, "worker-draining worker=" + worker.hello.name);
}

void BrokerCore::on(const Goodbye&, Session& session, const Now& now, Effects& effects) {
  if (session.client != nullptr) return lose_client(*session.client, nullptr, now, effects);
  WorkerRecord& worker = *session.worker;
  event(effects, "worker-left worker=" + worker.hello.name);
  dismiss_worker(worker, effects);
}

// What it holds is nothing if it left in order, and no fault of its own.
void BrokerCore::dismiss_worker(WorkerRecord& worker, Effects& effects) {
  for (const Token token : std::set(worker.leases)) {
    const Lease& lease = *leases_.find(token);
    give_back(*lease.job, lease.range, token);
  }
  close_session(worker.session, effects);
  remove_worker(worker, effects);
}

bool BrokerCore::holds(const Session& session, const JobId& id, std::uint64_t index, Token token) const {
  const Job* held = job(id);
  if (held == nullptr) return false;
  const SegmentState* state = held->segments.find(index);
  return state != nullptr && state->state == TaskState::Leased && state->token == token &&
         session.worker->leases.contains(token);
}

void BrokerCore::on(const WorkerProgress& progress, Session& session, const Now&, Effects& effects) {
  if (!holds(session, progress.job, progress.index, progress.token())) return;
  for (const Reader& reader : find_job(progress.job)->readers) {
    if (Session* other = sessions_.find(reader.session))
      say(*other, JobProgress{progress.job, progress.index, progress.done, progress.total, progress.text},
          effects);
  }
}

// The report of how the attempt ended comes by another lane, and may be here before the last that it wrote.
void BrokerCore::on(const Output& output, Session& session, const Now&, Effects& effects) {
  const Job* told = job(output.job);
  const SegmentState* state = told == nullptr ? nullptr : told->segments.find(output.index);
  if (state == nullptr || state->token != output.token()) return;
  if (state->state == TaskState::Leased && !session.worker->leases.contains(output.token())) return;
  for (const Reader& reader : told->readers) {
    if (Session* other = sessions_.find(reader.session))
      say(*other,
          JobOutput{output.job, output.index, output.attempt, output.stream, output.offset, output.bytes,
                    output.epoch, output.lease},
          effects);
  }
}

// For who runs the attempt, from who watches it.
void BrokerCore::on(const OutputRoom& room, Session& session, const Now&, Effects& effects) {
  const Job* watched = session.reads.contains(room.job) ? find_job(room.job) : nullptr;
  const SegmentState* state = watched == nullptr ? nullptr : watched->segments.find(room.index);
  if (state == nullptr || state->state != TaskState::Leased ||
      (room.attempt != 0 && state->attempt() != room.attempt))
    return;
  const WorkerRecord& holder = *leases_.find(state->token)->worker;
  if (Session* worker = sessions_.find(holder.session)) say(*worker, room, effects);
}

void BrokerCore::make_due(Job& job, IndexRange range) {
  const auto is_delayed = [](const SegmentState& state) { return state.state == TaskState::Delayed; };
  for (auto& [part, state] : job.segments.parts(range, is_delayed)) {
    state.state = state.waiting();
    set_state(job, part, state);
  }
}

// One timer a job: for the batch that is due first.
void BrokerCore::delay(Job& job, IndexRange range, TimePoint due) {
  const auto later = std::upper_bound(job.delays.begin(), job.delays.end(), due,
                                      [](TimePoint at, const auto& each) { return at < each.first; });
  job.delays.emplace(later, due, range);
  watch_delays(job);
}

void BrokerCore::watch_delays(Job& job) {
  if (job.delay_timer) timers_.erase(*std::exchange(job.delay_timer, std::nullopt));
  if (!job.delays.empty())
    job.delay_timer = timers_.set(job.delays.front().first, {Timer::Kind::Delay, 0, job.id, {}});
}

void BrokerCore::end_delays(Job& job, const Now& now) {
  job.delay_timer.reset();
  for (; !job.delays.empty() && job.delays.front().first <= now.steady; job.delays.pop_front())
    make_due(job, job.delays.front().second);
  watch_delays(job);
}

// One timer a job: for the oldest batch with tasks that are not done.
void BrokerCore::watch_deadline(Job& job) {
  if (const Batch* batch = job.oldest_open_batch())
    job.deadline_timer = timers_.set(batch->deadline, {Timer::Kind::Deadline, 0, job.id, {}});
}

void BrokerCore::expire_tasks(Job& job, const Now& now, Effects& effects) {
  job.deadline_timer.reset();
  while (const Batch* batch = job.oldest_open_batch()) {
    if (batch->deadline > now.steady) break;
    cancel_tasks(job, {batch->first, batch->first + batch->count}, TaskReport::expired, now, effects);
  }
  watch_deadline(job);
}

}  // namespace zonda
