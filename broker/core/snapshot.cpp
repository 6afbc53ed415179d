// Looks at the whole: for questions, and a few times a second for whoever looks on.
#include "broker/core/snapshot.h"

#include <algorithm>

#include "broker/core/broker_core.h"

namespace zonda {

Snapshot BrokerCore::snapshot(const Now& now) const {
  Snapshot all;
  all.at = now.utc;
  all.queued = queue_.ready_tasks() + queue_.held_tasks() + stored_tasks_ + quarantine_.tasks();
  all.delayed = delayed_tasks_;
  all.held = leased_tasks_ + orphaned_tasks_;
  all.orphaned = orphaned_tasks_;
  all.jobs = jobs_.size();
  all.clients = static_cast<std::uint64_t>(std::count_if(
      clients_.begin(), clients_.end(), [](const auto& each) { return each.second->session != 0; }));
  all.workers = roster_.all().size();
  all.slots = roster_.slots();
  all.memory_bytes = memory_used_ + overhead_;
  all.disk_nearly_full = disk_nearly_full_;
  all.durability = config_.durability;
  all.epoch = config_.epoch;
  all.counters = counters_;
  all.pools = pools_.summaries(now.steady);
  for (const auto& [number, worker] : roster_.all()) {
    all.running += std::min<std::uint64_t>(worker->outstanding, worker->hello.slots);
    const bool leaves = is_leaving(*worker);
    all.workers_draining += leaves ? 1 : 0;
    const std::string* name = pool_of(*worker);
    const auto pool =
        name == nullptr
            ? all.pools.end()
            : std::lower_bound(all.pools.begin(), all.pools.end(), *name,
                               [](const PoolSummary& a, const std::string& b) { return a.name < b; });
    if (pool != all.pools.end() && pool->name == *name) ++(leaves ? pool->draining : pool->workers);
  }
  return all;
}

}  // namespace zonda
