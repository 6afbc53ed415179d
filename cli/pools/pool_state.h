// What a manager remembers of a pool: a file that is written with every change, so that a restart of the
// manager, of the broker or of both changes nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/json.h"
#include "cli/pools/pool_size.h"

namespace zonda::cli {

struct LoggedDecision {
  std::uint64_t number = 0;  // from 1
  double at = 0;             // seconds since 1970
  std::string text;

  friend bool operator==(const LoggedDecision&, const LoggedDecision&) = default;
};

struct PoolState {
  PoolSize size;
  PoolSize size_in_file;                  // what the configuration said; when that is edited, it counts again
  std::uint64_t order = 0;                // the last that was taken
  std::uint64_t epoch = 0;                // of the broker that saw the workers
  std::set<std::string> workers;          // that were there
  std::map<std::string, double> pending;  // started, by the second in which that was; and not here yet
  std::set<std::string> returning;        // of these: were with an earlier broker
  std::uint64_t wanted = 0;
  std::optional<std::string> section;  // what its workers were started with; null: none was
  std::set<std::pair<std::string, std::string>> functions;  // that its workers served: name, signature
  std::deque<LoggedDecision> log;

  friend bool operator==(const PoolState&, const PoolState&) = default;
  // `told`: the last that the broker has, perhaps of a manager before this one.
  void note(std::string text, double now, std::uint64_t told);
};

// Its own of this directory. A pool that is new has the size of the configuration.
PoolState read_pool_state(const std::string& file, const PoolSize& in_file);  // throws Complaint
void write_pool_state(const std::string& file, const PoolState& state);       // the same

}  // namespace zonda::cli
