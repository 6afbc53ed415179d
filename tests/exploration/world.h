// One broker, two workers with a slot each, and a client with a job of two tasks, of which the second fails
// once. They move when the explorer says so. The same moves lead to the same world.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/exploration/lane_network.h"
#include "tests/exploration/move.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/sim_broker.h"
#include "tests/simulation/sim_client.h"
#include "tests/simulation/sim_worker.h"

namespace zonda::sim {

class World {
 public:
  World();

  void make(const Move& move);           // throws Violation
  std::vector<Move> deviations() const;  // all that can happen instead of Next
  bool is_over() const;                  // all work is done and nobody waits for anything
  void check() const;                    // throws Violation
  std::string next() const;              // what Next would do, for a person
  double seconds() const;                // of virtual time since the beginning

  // Two worlds of the same digest have the same future. Each of the processes is a function of what it heard
  // and when, so the digest is of these histories, and not of the order between different processes; of all
  // that waits, in order; and of whose timers are set to when.
  std::uint64_t digest() const;

 private:
  void join(std::unique_ptr<SimWorker>& worker);
  void arrive(const Waiting& frame);
  void pass_time();
  void tick(TimePoint until);
  void sync_waits();
  void heard(std::uint64_t who, std::uint64_t what);

  SimClock clock_;
  LaneNetwork network_{clock_};
  Ledger ledger_;
  std::map<std::uint64_t, std::uint64_t> histories_;  // by peer; the broker's is 0
  std::mt19937_64 broker_random_{1};                  // not shared: what one draws is no matter of the others
  std::mt19937_64 client_random_{2};
  std::unique_ptr<SimBroker> broker_;
  std::unique_ptr<SimClient> client_;
  std::array<std::unique_ptr<SimWorker>, 2> workers_;
  std::uint32_t last_number_ = 0;
  TimePoint begin_ = clock_.now();
};

}  // namespace zonda::sim
