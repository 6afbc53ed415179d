#include "broker/core/pools.h"

#include <algorithm>
#include <cmath>

#include "broker/core/amounts.h"

namespace zonda {
namespace {

constexpr std::size_t kPoolsMax = 256;
constexpr std::size_t kLogMax = 500;

using Labels = std::map<std::string, std::string>;

const std::string* pool_in(const Labels& labels) {
  const auto label = labels.find(kPoolLabel);
  return label == labels.end() ? nullptr : &label->second;
}

std::uint64_t tasks_at_once(const ClassKey& wanted, const KindKey& offered, std::uint64_t slots) {
  auto tasks = static_cast<double>(slots);
  for (const auto& [name, amount] : wanted.resources) {
    const auto has = offered.resources.find(name);
    if (amount > 0 && has != offered.resources.end())
      tasks = std::min(tasks, std::floor(has->second / amount + kAmountSlack));
  }
  return static_cast<std::uint64_t>(std::max(1.0, tasks));
}

// Functions that are not known are taken to be served: a worker that is started tells.
bool would_run(const PoolReport& pool, const ClassKey& wanted) {
  if (!pool.offers.functions.empty()) return pool.offers.offers(wanted);
  KindKey offers = pool.offers;
  offers.functions = {{wanted.function, wanted.signature}};
  return offers.offers(wanted);
}

}  // namespace

bool Pools::take(PoolReport report, TimePoint now) {
  if (!pools_.contains(report.name) && pools_.size() >= kPoolsMax) {
    const auto oldest = std::min_element(pools_.begin(), pools_.end(), [](const auto& a, const auto& b) {
      return a.second.told_at < b.second.told_at;
    });
    if (now - oldest->second.told_at < kPoolAway) return false;
    pools_.erase(oldest);
  }
  Pool& pool = pools_[report.name];
  for (PoolDecision& decision : report.decisions) {
    const bool is_new = pool.log.empty() || decision.number > pool.log.back().number;
    if (is_new) pool.log.push_back(std::move(decision));
    if (pool.log.size() > kLogMax) pool.log.pop_front();
  }
  report.decisions.clear();
  pool.order = std::max(pool.order, report.order);  // a broker before us may have given it
  pool.report = std::move(report);
  pool.told_at = now;
  return true;
}

Pool* Pools::find(const std::string& name) {
  const auto at = pools_.find(name);
  return at == pools_.end() ? nullptr : &at->second;
}

std::vector<PoolSummary> Pools::summaries(TimePoint now) const {
  std::vector<PoolSummary> found;
  for (const auto& [name, pool] : pools_) {
    const PoolReport& report = pool.report;
    PoolSummary summary;
    summary.name = name;
    summary.launcher = report.launcher;
    summary.min = report.size.min;
    summary.max = report.size.max;
    summary.target_seconds = static_cast<double>(report.size.target_wait_ms) / 1e3;
    summary.wanted = report.wanted;
    summary.pending = report.pending;
    summary.note = report.note;
    summary.order = report.order;
    summary.is_managed = now - pool.told_at < kPoolAway;
    if (!pool.log.empty()) summary.last_decision = pool.log.back().text;
    found.push_back(std::move(summary));
  }
  return found;
}

const std::string* pool_of(const WorkerRecord& worker) { return pool_in(worker.hello.labels); }

std::vector<PoolDemand> demand_of(const PoolReport& pool, ReadyQueue& queue, TimePoint now) {
  std::vector<PoolDemand> found;
  queue.for_each_class([&](ReadyClass& ready_class) {
    PoolDemand demand{&ready_class, ready_class.queued(), 0, 0,
                      std::chrono::duration<double>(now - ready_class.progressed).count()};
    if (demand.queued == 0) return;
    for (const WorkerKind* kind : ready_class.kinds) {
      const std::string* name = pool_in(kind->key.labels);
      if (name != nullptr && *name == pool.name)
        demand.at_once = std::max(demand.at_once,
                                  tasks_at_once(ready_class.key(), kind->key, kind->slots / kind->workers));
      else if (name == nullptr)
        demand.other_slots += kind->slots;
    }
    if (demand.at_once == 0 && would_run(pool, ready_class.key()))
      demand.at_once = tasks_at_once(ready_class.key(), pool.offers, pool.slots);
    if (demand.at_once > 0) found.push_back(demand);
  });
  return found;
}

}  // namespace zonda
