#include "broker/core/pools.h"

#include <algorithm>
#include <cmath>
#include <set>

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

std::string Pool::heard(TimePoint now) const {
  const auto silence = std::chrono::duration_cast<std::chrono::seconds>(now - told_at);
  return "heard of " + std::to_string(silence.count()) + " s ago";
}

std::string Pools::take(const std::string& manager, std::vector<PoolReport> reports, TimePoint now) {
  if (std::string why = obstacle(manager, reports, now); !why.empty()) return why;
  std::set<std::string> names;
  for (const PoolReport& report : reports) names.insert(report.name);
  std::erase_if(pools_, [&](const auto& each) {
    return each.second.manager == manager && !names.contains(each.first);
  });
  for (PoolReport& report : reports) take_one(manager, std::move(report), now);
  return {};
}

// Those whose manager is away make room.
std::string Pools::obstacle(const std::string& manager, const std::vector<PoolReport>& reports,
                            TimePoint now) const {
  const auto is_others = [&](const Pool& pool) { return pool.manager != manager && pool.is_managed(now); };
  for (const PoolReport& report : reports) {
    const auto known = pools_.find(report.name);
    if (known != pools_.end() && is_others(known->second))
      return "pool " + report.name + " is managed by " + known->second.manager + ", " +
             known->second.heard(now);
  }
  const auto others = static_cast<std::size_t>(
      std::count_if(pools_.begin(), pools_.end(), [&](const auto& each) { return is_others(each.second); }));
  return others + reports.size() > kPoolsMax ? "there are too many pools" : "";
}

void Pools::take_one(const std::string& manager, PoolReport report, TimePoint now) {
  if (!pools_.contains(report.name) && pools_.size() >= kPoolsMax) {
    pools_.erase(std::find_if(pools_.begin(), pools_.end(),
                              [&](const auto& each) { return !each.second.is_managed(now); }));
  }
  Pool& pool = pools_[report.name];
  for (PoolDecision& decision : report.decisions) {
    const bool is_new = pool.log.empty() || decision.number > pool.log.back().number;
    if (is_new) pool.log.push_back(std::move(decision));
    if (pool.log.size() > kLogMax) pool.log.pop_front();
  }
  report.decisions.clear();
  if (report.order >= pool.order) {  // a broker before us may have given it
    pool.order = report.order;
    pool.ordered = report.size;
  }
  pool.report = std::move(report);
  pool.manager = manager;
  pool.told_at = now;
  pool.has_ended = false;
}

void Pools::end(const std::string& manager) {
  for (auto& [name, pool] : pools_) pool.has_ended = pool.has_ended || pool.manager == manager;
}

std::string Pools::prospect(const ClassKey& wanted, TimePoint now) const {
  std::string text;
  for (const auto& [name, pool] : pools_) {
    const PoolReport& report = pool.report;
    if (!would_run(report, wanted)) continue;
    text += "; pool " + name + " is for such tasks, ";
    if (!pool.is_managed(now))
      text += "but its manager is away";
    else if (report.size.max == 0)
      text += "but may have no workers now";
    else if (report.pending > 0)
      text += "with " + std::to_string(report.pending) + " on their way";
    else
      text += "and may have up to " + std::to_string(report.size.max) + " workers";
    if (!report.note.empty()) text += " (" + report.note + ")";
  }
  return text;
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
    summary.manager = pool.manager;
    summary.is_managed = pool.is_managed(now);
    if (!pool.log.empty()) summary.last_decision = pool.log.back().text;
    found.push_back(std::move(summary));
  }
  return found;
}

const std::string* pool_of(const WorkerRecord& worker) { return pool_in(worker.hello.labels); }

bool is_leaving(const WorkerRecord& worker) {
  return worker.state == WorkerState::Draining || worker.drain_asked;
}

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
