// What a measurement found: one line for people, zonda.bench/1 for programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/bench_cluster.h"

namespace zonda::cli {

struct BenchReport {
  struct Figure {
    std::string name;  // in JSON
    double value = 0;
    std::string text;  // for people; empty: not for them
  };

  std::string name;
  std::uint64_t tasks = 0;
  double seconds = 0;
  std::vector<double> latencies_us{};  // of single tasks, if they were measured
  std::vector<Figure> figures{};       // what else was found
};

void print_report(Environment& environment, const BenchReport& report, const BenchOptions& options,
                  const BenchCluster& cluster);

}  // namespace zonda::cli
