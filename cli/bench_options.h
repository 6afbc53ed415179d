// What is measured, and on which cluster.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "command_line/command.h"

namespace zonda::cli {

struct BenchOptions {
  std::uint64_t tasks = 0;
  std::uint64_t payload = 8;  // bytes of an argument and of a result
  std::uint64_t workers = 1;
  std::uint64_t slots = 2;
  std::uint64_t outstanding = 0;  // single calls on their way; 0: one map
  std::string isolation = "thread";
  std::string durability = "memory";
  std::string transport = "tcp";
  bool curve = false;  // with keys, which encrypt
};

// A measurement's own options, and those of the cluster; their defaults are what `options` has.
std::vector<Option> with_cluster_options(std::vector<Option> own, BenchOptions& options);
Option tasks_option(BenchOptions& options);

}  // namespace zonda::cli
