// A client that does not read what it asked for fills its own quota; then its jobs wait, nobody else's. A job
// of which all outcomes were sent always goes on: it may be just the one that its client wants to read next.
//
// Outcomes that nobody has to read, of detached jobs, stay in the store, or, without one, in memory until
// they are half of it.
#include <algorithm>

#include "broker/core/broker_core.h"

namespace zonda {

// After every change of the number of the job's batches or chunks.
void BrokerCore::count_overhead(Job& job) {
  overhead_ -= job.counted_overhead;
  job.counted_overhead = job.overhead();
  overhead_ += job.counted_overhead;
}

// After every change of the job's log.
void BrokerCore::count_unread(Job& job) {
  if (job.client == nullptr && !job.spec.detached) return;
  std::uint64_t& sum = job.spec.detached ? kept_bytes_ : job.client->unread_bytes;
  sum -= job.unread_bytes;
  job.unread_bytes = job.log.bytes();
  sum += job.unread_bytes;
}

// More is kept for the job's owner, or for nobody, than may be.
bool BrokerCore::is_over_quota(const Job& job) const {
  if (job.spec.detached)
    return !is_durable() && kept_bytes_ > config_.memory_limit / 2 && job.log.bytes() > 0;
  if (job.client == nullptr || job.client->unread_bytes <= quota()) return false;
  const auto owner = std::find_if(job.readers.begin(), job.readers.end(), [&](const Reader& reader) {
    return reader.session == job.client->session;
  });
  return owner == job.readers.end() ? job.log.bytes() > 0 : owner->sent < job.log.end();
}

// After every turn in which the job had an outcome more, or its owner read some.
void BrokerCore::hold_or_go_on(Job& job, Effects& effects) {
  if (!is_over_quota(job)) {
    if (job.client != nullptr && job.client->held.erase(job.id) > 0) go_on(job);
    return;
  }
  if (job.held || job.counts.open() == 0) return;
  queue_.hold(job);
  (job.spec.detached ? held_in_memory_ : job.client->held).insert(job.id);
  event(effects, "job-held job=" + to_string(job.id) + " client=" + job.client_name +
                     " unread_bytes=" + std::to_string(job.log.bytes()));
}

// The job's outcomes, or some of them, are not kept any longer. When a client has little left to read, all
// that it asked for goes on.
void BrokerCore::go_on_if_read(Job& job) {
  count_unread(job);
  if (job.client != nullptr && job.client->unread_bytes <= quota() / 2) go_on_all(job.client->held);
}

void BrokerCore::go_on_all(std::set<JobId>& held) {
  for (const JobId& id : std::exchange(held, {})) go_on(*find_job(id));
}

void BrokerCore::go_on(Job& job) {
  if (job.counts.ready > 0) fresh_.emplace(job.ready_class->number(), job.ready_class);
  queue_.go_on(job);
  want_page(job);
}

}  // namespace zonda
