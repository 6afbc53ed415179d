// The pools of a manager, from a file with a section for each:
//
//   [cpu]
//   launcher = "local"            # or ssh, slurm, command, kubernetes, none
//   min = 0
//   max = 8
//   target-wait = "30s"
//   cooldown = "1m"
//   slots = 2                     # what no pool knows is an option of worker start
//   label = { disk = "ssd" }
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "cli/pools/pool_size.h"

namespace zonda::cli {

struct PoolConfig {
  std::string name;
  std::string launcher = "local";
  PoolSize size;
  std::chrono::milliseconds cooldown = std::chrono::minutes(1);
  std::chrono::milliseconds start_timeout{0};  // what is not here then has failed; 0: as its launcher

  std::uint64_t slots = 1;  // of a worker, as far as it is known before one is there
  std::vector<std::string> queues;
  std::map<std::string, std::string> labels;
  std::map<std::string, double> resources;
  std::vector<std::string> options;  // of worker start
  std::string keys;                  // of its workers; empty: as the manager's
  std::string section;               // what workers are started with, as text: to tell whether it changed

  std::vector<std::string> hosts;  // ssh: names, or one file
  std::uint64_t per_host = 1;      // workers
  std::string ssh;
  std::string directory;
  std::string program;               // slurm, kubernetes: of zonda, there
  std::vector<std::string> sbatch;   // options
  std::vector<std::string> command;  // starts one worker
  std::string image;                 // kubernetes
  std::string name_space;
  std::string secret;  // with the file worker.key

  // Pools with these are for a launcher that is not known here: their wanted size is told, and that is all.
  bool is_observed() const { return launcher == "none"; }
};

// In the order of their names, which is the order in which work is given to pools that can do the same.
// Throws Complaint (usage).
std::vector<PoolConfig> read_pools(const std::string& path);

}  // namespace zonda::cli
