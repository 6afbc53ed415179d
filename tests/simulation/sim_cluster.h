// A whole cluster in one thread and virtual time: one broker after another on one disk, some workers, some
// clients, and trouble, all drawn from one seed.
#pragma once

#include <memory>
#include <vector>

#include "tests/simulation/sim_broker.h"
#include "tests/simulation/sim_client.h"
#include "tests/simulation/sim_network.h"
#include "tests/simulation/sim_worker.h"

namespace zonda::sim {

struct RunReport {
  std::uint64_t events = 0;
  std::uint64_t faults = 0;
  std::uint64_t tasks = 0;
  std::uint64_t outcomes = 0;
  std::uint64_t starts = 0;          // of brokers
  std::uint64_t workers_killed = 0;  // by tasks,
  std::uint64_t kills_max = 0;       // by one of them
  std::uint64_t killers_found = 0;   // and how many of those were found and charged
  SpoolFigures spools = {};          // of all workers
  std::uint64_t trace = 0;           // digest of everything the broker said and when
  std::string violation;             // empty: all promises were kept
};

class SimCluster {
 public:
  SimCluster(std::uint64_t seed, Coverage& coverage);
  RunReport run();

 private:
  void trouble();
  std::unique_ptr<SimWorker> new_worker(std::uint32_t number);
  void replace(std::unique_ptr<SimWorker>& worker, bool with_its_name);
  void end_process(std::unique_ptr<SimWorker>& worker);
  void was_killed(const SimWorker& worker, const TaskId& by);
  void replace_those_that_left();
  void trouble_later();
  void load_later();
  void live_until_trouble_ends();
  template <class Done>
  bool live_until(Done&& done);  // false: not in bounded time
  void make_trouble();
  void make_peace();
  void end_work();
  void let_workers_leave();
  bool all_quiet() const;
  microseconds some_downtime();

  std::mt19937_64 random_;
  SimClock clock_;
  Coverage& coverage_;
  SimNetwork network_;
  Ledger ledger_;
  std::unique_ptr<SimBroker> broker_;
  std::vector<std::unique_ptr<SimWorker>> workers_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  TimePoint trouble_until_;
  TimePoint end_;              // when all has to be done at the latest
  bool leaving_ = false;       // all workers are to leave
  bool may_set_back_ = false;  // the broker may start on a copy of an earlier day
  std::uint32_t last_number_ = 0;
  RunReport report_;
};

}  // namespace zonda::sim
