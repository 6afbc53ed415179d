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

// What is counted while the jobs are walked.
struct BrokerCore::Sums {
  std::uint64_t memory = 0;
  std::uint64_t overhead = 0;
  std::uint64_t kept = 0;
  JobCounts tasks;
  std::map<Token, std::uint64_t> open_by_lease;
  std::map<const ClientRecord*, std::uint64_t> unread;
};

std::string BrokerCore::check() const {
  Sums sums;
  std::string wrong;
  for (const auto& [id, job] : jobs_) {
    if (const std::string here = check_job(*job, sums); !here.empty())
      wrong += "job " + to_string(id) + ": " + here;
  }
  wrong += differ("memory", memory_used_, sums.memory);
  wrong += differ("overhead", overhead_, sums.overhead);
  wrong += differ("ready", queue_.ready_tasks() + queue_.held_tasks(), sums.tasks.ready);
  wrong += differ("leased", leased_tasks_, sums.tasks.leased);
  wrong += differ("delayed", delayed_tasks_, sums.tasks.delayed);
  wrong += differ("orphaned", orphaned_tasks_, sums.tasks.orphaned);
  wrong += differ("suspects", quarantine_.tasks(), sums.tasks.suspects);
  wrong += differ("stored", stored_tasks_, sums.tasks.stored);
  wrong += differ("kept", kept_bytes_, sums.kept);
  for (const auto& [peer, client] : clients_)
    wrong += differ("unread", client->unread_bytes, sums.unread[client.get()]);
  wrong += differ("leases", leases_.size(), sums.open_by_lease.size());
  return wrong + check_workers(sums);
}

std::string BrokerCore::check_job(const Job& job, Sums& sums) const {
  JobCounts counted;
  job.segments.for_each({0, job.count}, [&](IndexRange part, const SegmentState& state) {
    switch (state.state) {
      case TaskState::Ready: counted.ready += part.size(); break;
      case TaskState::Delayed: counted.delayed += part.size(); break;
      case TaskState::Leased:
        counted.leased += part.size();
        sums.open_by_lease[state.token] += part.size();
        break;
      case TaskState::Orphaned: counted.orphaned += part.size(); break;
      case TaskState::Suspect: counted.suspects += part.size(); break;
      case TaskState::Stored: counted.stored += part.size(); break;
    }
  });
  std::string wrong;
  const auto compare = [&](const char* what, std::uint64_t JobCounts::*states) {
    wrong += differ(what, job.counts.*states, counted.*states);
    sums.tasks.*states += counted.*states;
  };
  compare("ready", &JobCounts::ready);
  compare("leased", &JobCounts::leased);
  compare("delayed", &JobCounts::delayed);
  compare("orphaned", &JobCounts::orphaned);
  compare("suspects", &JobCounts::suspects);
  compare("stored", &JobCounts::stored);
  wrong += differ("tasks", job.count, job.done() + counted.open());
  wrong += differ("log", job.log.end(), job.done());
  for (const Batch& batch : job.batches) wrong += check_batch(job, batch);
  for (const Reader& reader : job.readers) {
    const Session* session = sessions_.find(reader.session);
    if (session == nullptr || !session->reads.contains(job.id)) wrong += "a reader is gone; ";
  }
  for (const Batch& batch : job.batches) sums.memory += batch.slab.size();
  for (const LogChunk& chunk : job.log.chunks()) sums.memory += chunk.slab.size();
  sums.overhead += job.overhead();
  (job.spec.detached ? sums.kept : sums.unread[job.client]) += job.log.bytes();
  const auto& held = job.client == nullptr || job.spec.detached ? held_in_memory_ : job.client->held;
  if (job.held && !held.contains(job.id) && counted.open() > 0) wrong += "it is held for ever; ";
  return wrong;
}

std::string BrokerCore::check_batch(const Job& job, const Batch& batch) const {
  std::uint64_t waits = 0;
  const auto count = [&](IndexRange part, const SegmentState& state) {
    if (state.state == TaskState::Ready || state.state == TaskState::Suspect) waits += part.size();
  };
  job.segments.for_each({batch.first, batch.first + batch.count}, count);
  const std::string wrong = is_durable() ? differ("waits", batch.waits, waits) : std::string();
  const bool is_absent = batch.open > 0 && batch.slab.size() == 0;
  return job.absent.contains(batch.first) == is_absent ? wrong : wrong + "a batch is not where it seems; ";
}

std::string BrokerCore::check_workers(Sums& sums) const {
  std::string wrong;
  std::uint64_t outstanding = 0;
  for (const auto& [number, worker] : roster_.all()) {
    std::uint64_t held = 0;
    for (const Token lease : worker->leases) held += sums.open_by_lease[lease];
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
  return wrong + differ("outstanding", sums.tasks.leased, outstanding);
}

}  // namespace zonda
