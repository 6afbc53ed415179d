// The broker as a whole at one moment, in numbers: for `status`, metrics and whoever looks on from another
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/core/clock.h"
#include "broker/core/counters.h"

namespace zonda {

struct PoolSummary {
  std::string name;
  std::string launcher;
  std::uint64_t min = 0;
  std::uint64_t max = 0;
  double target_seconds = 0;
  std::uint64_t wanted = 0;
  std::uint64_t workers = 0;  // there, and not leaving
  std::uint64_t pending = 0;  // started, and not there yet
  std::uint64_t draining = 0;
  std::string note;
  std::uint64_t order = 0;
  std::string manager;
  bool is_managed = false;  // it was heard of lately
  std::string last_decision;
};

struct Snapshot {
  UtcTime at;
  std::uint64_t queued = 0;
  std::uint64_t delayed = 0;
  std::uint64_t held = 0;  // by workers, or by those that may come back
  std::uint64_t orphaned = 0;
  std::uint64_t running = 0;
  std::uint64_t jobs = 0;
  std::uint64_t clients = 0;
  std::uint64_t workers = 0;
  std::uint64_t workers_draining = 0;
  std::uint64_t slots = 0;
  std::uint64_t memory_bytes = 0;
  bool disk_nearly_full = false;
  std::string durability;
  std::uint64_t epoch = 0;
  BrokerCounters counters;
  std::vector<PoolSummary> pools;
};

}  // namespace zonda
