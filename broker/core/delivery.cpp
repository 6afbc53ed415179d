// Outcomes go out: each reader is a position in the job's log and gets what follows it, within a window.
#include <algorithm>

#include "broker/core/broker_core.h"
#include "proto/limits.h"

namespace zonda {
OutcomeRange BrokerCore::range_of(const LogChunk& chunk, std::uint64_t position) {
  const auto skipped = static_cast<std::uint32_t>(position - chunk.position);
  const std::uint32_t count = chunk.count() - skipped;
  return {chunk.first + skipped,
          chunk.attempt,
          chunk.worker,
          chunk.kinds.empty() ? chunk.kinds : chunk.kinds.substr(skipped),
          skipped == 0 ? chunk.outcomes : chunk.outcomes.slice(skipped, count),
          chunk.epoch};
}

void BrokerCore::deliver(const Now&, Effects& effects) {
  for (const JobId& id : std::exchange(deliveries_due_, {})) {
    Job* job = find_job(id);
    if (job == nullptr) continue;
    for (Reader& reader : job->readers) {
      Session& session = *sessions_.find(reader.session);
      while (deliver_to(*job, reader, session, effects)) {
      }
    }
    hold_or_go_on(*job, effects);
  }
}

// A reader with nothing on the way gets a frame in any case: others of its session may wait, to be read, for
// just that.
bool BrokerCore::may_send(const Reader& reader, const Session& session) const {
  const bool full = session.on_way_outcomes >= config_.reader_window_outcomes ||
                    session.on_way_bytes >= config_.reader_window_bytes;
  return !full || reader.on_way_outcomes == 0;  // else its next acknowledgement brings it here again
}

// One frame of outcomes. False if there is nothing to send, the session has enough on the way, or what is
// next has to be read from the store.
bool BrokerCore::deliver_to(Job& job, Reader& reader, Session& session, Effects& effects) {
  if (reader.sent >= job.log.end()) return false;
  if (!may_send(reader, session)) return false;
  reader.sent = std::max(reader.sent, job.log.begin());
  if (const LogChunk& next = job.log.at(reader.sent); !next.is_in_memory()) {
    read({job.id, PayloadName::What::Outcomes, next.position}, next.bytes, effects);
    return false;
  }
  Outcomes message;
  message.job = job.id;
  message.position = reader.sent;
  std::size_t bytes = 0;
  std::uint64_t outcomes = 0;
  while (reader.sent < job.log.end() && bytes < kFrameBytes && outcomes < 4 * kFrameTasks &&
         message.ranges.size() < kListMax) {
    const LogChunk& chunk = job.log.at(reader.sent);
    if (!chunk.is_in_memory()) break;
    message.ranges.push_back(range_of(chunk, reader.sent));
    bytes += message.ranges.back().outcomes.payloads.size();
    outcomes += message.ranges.back().outcomes.count();
    reader.sent = chunk.end();
  }
  say_outcomes(job, reader, session, message, effects);
  return true;
}

// Up to reader.sent. Who is to hear that something was accepted hears that first.
void BrokerCore::say_outcomes(const Job& job, Reader& reader, Session& session, const Outcomes& message,
                              Effects& effects) {
  measure_way(job, reader, session);
  if (accepts_due_.erase({session.number, job.id}) > 0) say_accepted(session, job, effects);
  say(session, message, effects);
}

void BrokerCore::on(const OutcomeAck& ack, Session& session, const Now&, Effects& effects) {
  Job* job = find_job(ack.job);
  if (job == nullptr) return;  // released already: a repeated acknowledgement
  const auto reader = std::find_if(job->readers.begin(), job->readers.end(),
                                   [&](const Reader& each) { return each.session == session.number; });
  if (ack.position == kReadsNoMore) return stop_reading(*job, session, effects);
  if (reader == job->readers.end()) return void(++counters_.frames_bad);
  // It may have read further in an earlier session than it was sent in this one.
  if (ack.position > job->log.end()) return void(++counters_.frames_bad);
  arrived(*job, *reader, session, ack.position);
  if (job->client == session.client) job->owner_acked = std::max(job->owner_acked, ack.position);
  deliveries_due_.insert(job->id);
  release_read(*job, effects);
}

// The window has room again for what was sent up to `position`.
void BrokerCore::arrived(Job& job, Reader& reader, Session& session, std::uint64_t position) {
  reader.acked = std::max(reader.acked, position);
  reader.sent = std::max(reader.sent, reader.acked);
  measure_way(job, reader, session);
}

void BrokerCore::measure_way(const Job& job, Reader& reader, Session& session) {
  const std::uint64_t outcomes = reader.sent - reader.acked;
  const std::uint64_t bytes = job.log.bytes_before(reader.sent) - job.log.bytes_before(reader.acked);
  session.on_way_outcomes += outcomes - std::exchange(reader.on_way_outcomes, outcomes);
  session.on_way_bytes += bytes - std::exchange(reader.on_way_bytes, bytes);
}

void BrokerCore::stop_reading(Job& job, Session& session, Effects& effects) {
  for (Reader& reader : job.readers) {
    if (reader.session == session.number) arrived(job, reader, session, reader.sent);
  }
  std::erase_if(job.readers, [&](const Reader& reader) { return reader.session == session.number; });
  session.reads.erase(job.id);
  release_read(job, effects);
}

bool BrokerCore::is_monitor(const Reader& reader) const {
  return sessions_.find(reader.session)->holder.role == KeyRole::Monitor;
}

// An attached job keeps what its owner, or anybody else who reads it now, does not have yet; but for
// monitors, who are nobody's burden. That the owner has it is recorded in any case: it will not say so twice.
void BrokerCore::release_read(Job& job, Effects& effects) {
  if (job.spec.detached) return;
  std::uint64_t position = job.client != nullptr ? job.owner_acked : job.log.end();
  for (const Reader& reader : job.readers) {
    if (!is_monitor(reader)) position = std::min(position, reader.acked);
  }
  for (Reader& reader : job.readers) {
    if (reader.acked < position) arrived(job, reader, *sessions_.find(reader.session), position);
  }
  const std::uint64_t begin = job.log.begin();
  memory_used_ -= job.log.release(position);
  count_overhead(job);
  go_on_if_read(job);
  if (job.log.begin() == begin && job.owner_acked == job.owner_recorded) return;
  job.owner_recorded = job.owner_acked;
  effects.records.push_back(record::Released{job.id, job.log.begin(), {}, {}, job.owner_acked});
  completions_due_.insert(job.id);
}

// A job whose tasks are all done is complete; it goes when its outcomes are not needed any more.
void BrokerCore::finish_if_complete(Job& job, const Now& now, Effects& effects) {
  if (!job.is_closed() || job.counts.open() > 0) return;
  if (!job.complete) {
    const std::uint64_t cancelled = job.counts.failed[TaskReport::cancelled];
    job.complete = true;
    if (!job.finished_at) {  // else it ended before the broker started
      job.finished_at = now.utc;
      event(effects, "job-complete job=" + to_string(job.id) + " done=" + std::to_string(job.counts.values) +
                         " failed=" + std::to_string(job.counts.failed_total() - cancelled) +
                         " cancelled=" + std::to_string(cancelled));
    }
    const std::chrono::hours kept = job.spec.key.empty() ? config_.result_ttl : config_.key_ttl;
    if (job.spec.detached)
      job.forget_timer =
          timers_.set(now.steady + kept - (now.utc - *job.finished_at), {Timer::Kind::Forget, 0, job.id, {}});
  }
  const bool delivered = job.log.begin() == job.log.end();
  if (!job.spec.detached && (delivered || job.client == nullptr)) forget(job, effects);
}

void BrokerCore::forget(Job& job, Effects& effects) {
  for (const Reader& reader : job.readers) {  // who waits for more hears that there is none
    Session& session = *sessions_.find(reader.session);
    if (reader.sent < job.log.end())
      refuse_job(session, job.id, JobRefusedCode::NotFound, "the job was forgotten", effects);
    session.reads.erase(job.id);
    session.on_way_outcomes -= reader.on_way_outcomes;
    session.on_way_bytes -= reader.on_way_bytes;
  }
  if (job.deadline_timer) timers_.erase(*job.deadline_timer);
  if (job.delay_timer) timers_.erase(*job.delay_timer);
  if (job.forget_timer) timers_.erase(*job.forget_timer);
  std::uint64_t freed = job.log.release(job.log.end());
  for (const Batch& batch : job.batches) freed += batch.slab.size();
  memory_used_ -= freed;
  overhead_ -= job.counted_overhead;
  go_on_if_read(job);
  held_in_memory_.erase(job.id);
  want_no_page(job);
  if (job.loading) --job.ready_class->loading;
  if (job.client != nullptr) job.client->forget(job.id);
  if (!job.spec.key.empty()) keyed_.erase({job.scope, job.spec.function, job.spec.key});
  history_.push_back({job.id, job.age, job.spec, job.client_name, job.state, job.count, job.counts,
                      job.opened_at, job.started_at, job.finished_at});
  effects.records.push_back(record::Summarised{history_.back()});
  if (history_.size() > config_.history_max) {
    const JobId oldest = history_.front().id;
    history_.pop_front();
    // Its client may have come back after its grace and opened it anew.
    if (!jobs_.contains(oldest)) effects.records.push_back(record::Forgotten{oldest});
  }
  ReadyClass& ready_class = *job.ready_class;
  if (--ready_class.jobs == 0) {
    fresh_.erase(ready_class.number());
    fresh_wards_.erase(ready_class.number());
    let_go(ready_class.ward, true);
    roster_.disconnect(ready_class);
    queue_.remove_class(ready_class);
  }
  queue_.leave_share(job.client_name);
  jobs_.erase(job.id);
}

}  // namespace zonda
