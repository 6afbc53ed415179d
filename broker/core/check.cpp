// The broker's tables checked against each other. Walks everything: for tests and the simulator.
#include <algorithm>

#include "broker/core/broker_core.h"

namespace zonda {
namespace {

std::string differ(const char* what, std::uint64_t kept, std::uint64_t counted) {
  if (kept == counted) return {};
  return std::string(what) + ": kept " + std::to_string(kept) + ", counted " + std::to_string(counted) + "; ";
}

}  // namespace

std::uint64_t BrokerCore::attached_jobs() const {
  return static_cast<std::uint64_t>(std::count_if(
      jobs_.begin(), jobs_.end(), [](const auto& each) { return !each.second->spec.detached; }));
}

std::string BrokerCore::check() const {
  std::string wrong;
  std::uint64_t memory = 0, ready_total = 0, leased_total = 0, delayed_total = 0, orphaned_total = 0,
                stored_total = 0, suspects_total = 0;
  std::map<Token, std::uint64_t> open_by_lease;
  std::map<const ClientRecord*, std::uint64_t> unread;
  for (const auto& [id, job] : jobs_) {
    JobCounts counted;
    job->segments.for_each({0, job->count}, [&](IndexRange part, const SegmentState& state) {
      switch (state.state) {
        case TaskState::Ready: counted.ready += part.size(); break;
        case TaskState::Delayed: counted.delayed += part.size(); break;
        case TaskState::Leased:
          counted.leased += part.size();
          open_by_lease[state.token] += part.size();
          break;
        case TaskState::Orphaned: counted.orphaned += part.size(); break;
        case TaskState::Suspect: counted.suspects += part.size(); break;
        case TaskState::Stored: counted.stored += part.size(); break;
      }
    });
    std::string here;
    for (const Batch& batch : job->batches) {
      std::uint64_t waits = 0;
      const auto count = [&](IndexRange part, const SegmentState& state) {
        if (state.state == TaskState::Ready || state.state == TaskState::Suspect) waits += part.size();
      };
      job->segments.for_each({batch.first, batch.first + batch.count}, count);
      if (is_durable()) here += differ("waits", batch.waits, waits);
      if (job->absent.contains(batch.first) != (batch.open > 0 && batch.slab.size() == 0))
        here += "a batch is not where it seems; ";
    }
    here += differ("ready", job->counts.ready, counted.ready);
    here += differ("leased", job->counts.leased, counted.leased);
    here += differ("delayed", job->counts.delayed, counted.delayed);
    here += differ("orphaned", job->counts.orphaned, counted.orphaned);
    here += differ("suspects", job->counts.suspects, counted.suspects);
    here += differ("stored", job->counts.stored, counted.stored);
    here += differ("tasks", job->count, job->done() + counted.open());
    here += differ("log", job->log.end(), job->done());
    for (const Reader& reader : job->readers) {
      const Session* session = sessions_.find(reader.session);
      if (session == nullptr || !session->reads.contains(id)) here += "a reader is gone; ";
    }
    for (const Batch& batch : job->batches) memory += batch.slab.size();
    for (const LogChunk& chunk : job->log.chunks()) memory += chunk.slab.size();
    if (!job->spec.detached) unread[job->client] += job->log.bytes();
    const auto& held = job->client == nullptr || job->spec.detached ? held_in_memory_ : job->client->held;
    if (job->held && !held.contains(id) && counted.open() > 0) here += "it is held for ever; ";
    if (!here.empty()) wrong += "job " + to_string(id) + ": " + here;
    ready_total += counted.ready;
    leased_total += counted.leased;
    delayed_total += counted.delayed;
    orphaned_total += counted.orphaned;
    suspects_total += counted.suspects;
    stored_total += counted.stored;
  }
  wrong += differ("memory", memory_used_, memory);
  wrong += differ("ready", queue_.ready_tasks() + queue_.held_tasks(), ready_total);
  wrong += differ("leased", leased_tasks_, leased_total);
  wrong += differ("delayed", delayed_tasks_, delayed_total);
  wrong += differ("orphaned", orphaned_tasks_, orphaned_total);
  wrong += differ("suspects", quarantine_.tasks(), suspects_total);
  wrong += differ("stored", stored_tasks_, stored_total);
  for (const auto& [peer, client] : clients_)
    wrong += differ("unread", client->unread_bytes, unread[client.get()]);
  wrong += differ("leases", leases_.size(), open_by_lease.size());
  std::uint64_t outstanding = 0;
  for (const auto& [number, worker] : roster_.all()) {
    std::uint64_t held = 0;
    for (const Token lease : worker->leases) held += open_by_lease[lease];
    std::string here = differ("outstanding", worker->outstanding, held);
    outstanding += held;
    const bool listed = overloaded_.contains({worker->surplus_us, number});
    if (listed != (worker->surplus_us > 0)) here += "it is not where its surplus is; ";
    if (worker->kept_for != nullptr && worker->kept_for->ward.worker != number)
      here += "it is kept for nobody; ";
    if (worker->alone && worker->outstanding == 0 && worker->state == WorkerState::Active)
      here += "it is alone with nothing; ";
    if (!here.empty()) wrong += "worker " + worker->hello.name + ": " + here;
  }
  return wrong + differ("outstanding", leased_total, outstanding);
}

}  // namespace zonda
