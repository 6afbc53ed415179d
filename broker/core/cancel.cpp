// Cancelling: decided here and at once, whatever a worker still says.
#include <vector>

#include "broker/core/broker_core.h"
#include "proto/limits.h"
#include "proto/report.h"

namespace zonda {

namespace {
// Outcomes that say no more than their kind: empty payloads, and the kinds behind their lengths.
Slab kinds_only(std::uint64_t count, TaskReport::Kind kind) {
  return Slab(std::string(4 * count, '\0'), std::string(count, static_cast<char>(kind)));
}
}  // namespace

void BrokerCore::on(const Cancel& cancel, Session& session, const Now& now, Effects& effects) {
  Job* job = find_job_for(session, cancel.job);
  if (job == nullptr) return;  // over and released
  if (job->client != session.client)
    return refuse_job(session, cancel.job, JobRefusedCode::NotYours, "not your job", effects);
  if (cancel.count == 0) return cancel_job(*job, now, effects);
  if (cancel.first < job->count)
    cancel_tasks(*job, {cancel.first, cancel.first + std::min(cancel.count, job->count - cancel.first)},
                 TaskReport::cancelled, now, effects);
}

void BrokerCore::cancel_job(Job& job, const Now& now, Effects& effects) {
  if (job.complete) return accept_for_readers(job);  // who asks hears that it is closed
  const JobState before = job.state;
  job.cut = true;
  if (job.state != JobState::Cancelled)  // if nothing is left to cancel, it is just closed
    job.state = job.counts.open() > 0 ? JobState::Cancelled : JobState::Closed;
  if (job.state != before)
    effects.records.push_back(record::Closed{job.id, job.count, job.state == JobState::Cancelled});
  if (job.state == JobState::Cancelled) event(effects, "job-cancelled job=" + to_string(job.id));
  cancel_tasks(job, {0, job.count}, TaskReport::cancelled, now, effects);
  accept_for_readers(job);
  completions_due_.insert(job.id);
}

// Ends the tasks of a range that are not done as cancelled or expired. Full chunks share one slab.
void BrokerCore::cancel_tasks(Job& job, IndexRange range, TaskReport::Kind kind, const Now& now,
                              Effects& effects) {
  const Segments::Parts parts = job.segments.parts(range);
  if (parts.empty()) return;
  const Slab uniform = kinds_only(kFrameTasks, kind);
  std::map<std::uint64_t, std::vector<Held>> stops;  // by session
  for (const auto& [part, state] : parts) {
    if (state.state == TaskState::Leased) {
      const WorkerRecord& holder = *leases_.find(state.token)->worker;
      if (holder.session != 0)
        stops[holder.session].push_back(
            {job.id, part.lo, part.size(), state.token.epoch, state.token.lease, false});
    }
    release_lease(part, state);
    for (std::uint64_t first = part.lo; first < part.hi; first += kFrameTasks) {
      const std::uint64_t count = std::min<std::uint64_t>(kFrameTasks, part.hi - first);
      LogChunk chunk;
      chunk.first = first;
      chunk.attempt = state.attempt();
      chunk.slab = count == kFrameTasks ? uniform : kinds_only(count, kind);
      chunk.outcomes = {chunk.slab.view().substr(0, 4 * count), {}};
      chunk.kinds = chunk.slab.view().substr(4 * count, count);
      record_done(job, std::move(chunk), now, effects);
    }
  }
  for (const auto& [number, tasks] : stops) {
    if (Session* session = sessions_.find(number)) say_stop(*session, tasks, now, effects);
  }
}

void BrokerCore::say_stop(Session& session, const std::vector<Held>& tasks, const Now& now,
                          Effects& effects) {
  if (!tasks.empty()) session.worker->stopped_at = now.steady;
  for (std::size_t from = 0; from < tasks.size(); from += kPageEntries) {
    const auto begin = tasks.begin() + static_cast<std::ptrdiff_t>(from);
    const auto end = tasks.begin() + static_cast<std::ptrdiff_t>(std::min(tasks.size(), from + kPageEntries));
    say(session, Stop{{begin, end}}, effects);
  }
}

}  // namespace zonda
