// A client that does not read what it asked for fills its own quota; then its jobs wait, nobody else's. A job
// of which nothing is unread always goes on: it may be just the one that its client wants to read next.
//
// Outcomes that nobody has to read, of detached jobs, stay in the store, or, without one, in memory until
// that is full.
#include "broker/core/broker_core.h"

namespace zonda {

// After every change of the job's log.
void BrokerCore::count_unread(Job& job) {
  if (job.client == nullptr || job.spec.detached) return;
  job.client->unread_bytes -= job.unread_bytes;
  job.unread_bytes = job.log.bytes();
  job.client->unread_bytes += job.unread_bytes;
}

bool BrokerCore::is_over_quota(const Job& job) const {
  if (job.spec.detached) return !is_durable() && memory_used_ >= config_.memory_limit;
  return job.client != nullptr && job.client->unread_bytes > quota();
}

// The job has an outcome more.
void BrokerCore::hold_if_over_quota(Job& job, Effects& effects) {
  count_unread(job);
  if (job.held || job.log.bytes() == 0 || !is_over_quota(job)) return;
  queue_.hold(job);
  (job.spec.detached ? held_in_memory_ : job.client->held).insert(job.id);
  event(effects, "job-held job=" + to_string(job.id) + " client=" + job.client_name +
                     " unread_bytes=" + std::to_string(job.log.bytes()));
}

// The job has fewer unread outcomes. When little is unread all that its client asked for goes on.
void BrokerCore::go_on_if_read(Job& job) {
  count_unread(job);
  if (job.client == nullptr) return;
  if (job.client->unread_bytes <= quota() / 2) return go_on_all(job.client->held);
  if (job.log.bytes() > 0 || job.client->held.erase(job.id) == 0) return;
  go_on(job);
}

void BrokerCore::go_on_all(std::set<JobId>& held) {
  for (const JobId& id : std::exchange(held, {})) go_on(*find_job(id));
}

void BrokerCore::go_on(Job& job) {
  if (!job.held) return;
  if (job.counts.ready > 0) fresh_.emplace(job.ready_class->number(), job.ready_class);
  queue_.go_on(job);
  want_page(job);
}

}  // namespace zonda
