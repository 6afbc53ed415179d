#include "broker/http/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <sstream>
#include <vector>

namespace zonda {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Families {
 public:
  Families& begin(const char* name, const char* help, MetricType type) {
    families_.push_back({name, help, type, {}});
    return *this;
  }
  Families& add(double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (families_.back().type == MetricType::Counter)
      metric.counter.value = value;
    else
      metric.gauge.value = value;
    families_.back().metric.push_back(std::move(metric));
    return *this;
  }
  void gauge(const char* name, const char* help, double value) {
    begin(name, help, MetricType::Gauge).add(value);
  }
  void counter(const char* name, const char* help, double value) {
    begin(name, help, MetricType::Counter).add(value);
  }
  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return out.str();
  }

 private:
  std::vector<MetricFamily> families_;
};

double number(std::uint64_t count) { return static_cast<double>(count); }

void add_tasks(Families& families, const Snapshot& now) {
  const BrokerCounters& counters = now.counters;
  families.begin("zonda_tasks", "Tasks that are not done, by what they do.", MetricType::Gauge)
      .add(number(now.queued), {{"state", "queued"}})
      .add(number(now.delayed), {{"state", "delayed"}})
      .add(number(now.held), {{"state", "held"}});
  families.gauge("zonda_tasks_running", "Slots in which a task runs.", number(now.running));
  families.begin("zonda_tasks_ended_total", "Tasks that ended, by their outcome.", MetricType::Counter)
      .add(number(counters.tasks_done), {{"outcome", "done"}})
      .add(number(counters.tasks_failed), {{"outcome", "failed"}})
      .add(number(counters.tasks_cancelled), {{"outcome", "cancelled"}});
  families.counter("zonda_tasks_accepted_total", "Tasks that were taken over from clients.",
                   number(counters.tasks_accepted));
  families.counter("zonda_tasks_dispatched_total", "Tasks that were handed to workers.",
                   number(counters.tasks_dispatched));
  families.counter("zonda_tasks_retried_total", "Attempts that ended without a value and were repeated.",
                   number(counters.tasks_retried));
  families.counter("zonda_tasks_returned_total", "Tasks that workers gave back unbegun.",
                   number(counters.tasks_returned));
  families.counter("zonda_tasks_lost_total", "Attempts that ended with their worker.",
                   number(counters.tasks_lost));
  families.counter("zonda_results_stale_total", "Outcomes of attempts that were overtaken.",
                   number(counters.results_stale));
}

void add_peers(Families& families, const Snapshot& now) {
  families.gauge("zonda_jobs", "Jobs that are open or kept.", number(now.jobs));
  families.gauge("zonda_clients", "Clients that are connected.", number(now.clients));
  families.begin("zonda_workers", "Workers, by what they do.", MetricType::Gauge)
      .add(number(now.workers - now.workers_draining), {{"state", "active"}})
      .add(number(now.workers_draining), {{"state", "draining"}});
  families.gauge("zonda_slots", "Slots of all workers.", number(now.slots));
  families.counter("zonda_workers_lost_total", "Workers that vanished.", number(now.counters.workers_lost));
  families.counter("zonda_frames_bad_total", "Frames that could not be read.",
                   number(now.counters.frames_bad));
  families.counter("zonda_frames_refused_total", "Frames that their sender may not say.",
                   number(now.counters.frames_refused));
  families.counter("zonda_keys_refused_total", "Connections refused because of their key.",
                   number(now.counters.keys_refused));
  families.counter("zonda_gaps_total", "Sessions begun anew because something was lost on the way.",
                   number(now.counters.gaps));
}

void add_pools(Families& families, const Snapshot& now) {
  if (now.pools.empty()) return;
  families.begin("zonda_pool_workers", "Workers of a pool: there, leaving, and on their way.",
                 MetricType::Gauge);
  for (const PoolSummary& pool : now.pools) {
    families.add(number(pool.workers), {{"pool", pool.name}, {"state", "active"}})
        .add(number(pool.draining), {{"pool", pool.name}, {"state", "draining"}})
        .add(number(pool.pending), {{"pool", pool.name}, {"state", "pending"}});
  }
  const auto each = [&](const char* name, const char* help, auto&& value) {
    families.begin(name, help, MetricType::Gauge);
    for (const PoolSummary& pool : now.pools) families.add(value(pool), {{"pool", pool.name}});
  };
  each("zonda_pool_workers_wanted", "Workers that a pool should have.",
       [](const PoolSummary& pool) { return number(pool.wanted); });
  each("zonda_pool_workers_max", "Workers that a pool may have.",
       [](const PoolSummary& pool) { return number(pool.max); });
  each("zonda_pool_managed", "Whether a pool's manager is there.",
       [](const PoolSummary& pool) { return pool.is_managed ? 1.0 : 0.0; });
}

}  // namespace

std::string metrics_of(const Snapshot& snapshot, const std::string& version) {
  Families families;
  families.begin("zonda_build_info", "The broker's version and how it keeps jobs.", MetricType::Gauge)
      .add(1, {{"version", version}, {"durability", snapshot.durability}});
  families.gauge("zonda_epoch", "Which start of the broker this is.", number(snapshot.epoch));
  add_tasks(families, snapshot);
  add_peers(families, snapshot);
  families.gauge("zonda_memory_bytes", "Memory for jobs and their payloads.", number(snapshot.memory_bytes));
  families.gauge("zonda_disk_nearly_full", "Whether new jobs are refused because of it.",
                 snapshot.disk_nearly_full ? 1 : 0);
  add_pools(families, snapshot);
  return families.text();
}

}  // namespace zonda
