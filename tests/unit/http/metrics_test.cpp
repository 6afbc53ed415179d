#include "broker/http/metrics.h"

#include <catch2/catch.hpp>

using namespace zonda;
using Catch::Contains;

TEST_CASE("metrics have the names that dashboards are built on") {
  Snapshot snapshot;
  snapshot.queued = 3;
  snapshot.workers = 5;
  snapshot.workers_draining = 1;
  snapshot.durability = "fsync";
  snapshot.counters.tasks_done = 9;
  snapshot.counters.keys_refused = 2;
  PoolSummary pool;
  pool.name = "cpu";
  pool.wanted = 4;
  snapshot.pools = {pool};
  const std::string text = metrics_of(snapshot, "1.2.3");
  for (const char* line :
       {"zonda_build_info{version=\"1.2.3\",durability=\"fsync\"} 1", "zonda_tasks{state=\"queued\"} 3",
        "# TYPE zonda_tasks gauge", "# TYPE zonda_tasks_ended_total counter",
        "zonda_tasks_ended_total{outcome=\"done\"} 9", "zonda_workers{state=\"active\"} 4",
        "zonda_workers{state=\"draining\"} 1", "zonda_keys_refused_total 2",
        "zonda_pool_workers_wanted{pool=\"cpu\"} 4"})
    CHECK_THAT(text, Contains(line));
}
