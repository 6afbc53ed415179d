// simulation [--seed N] [--seeds COUNT] [--from N] [--verbose] [--meetings N]
//
// Runs the three real cores through seeded trouble. Every sixteenth seed runs twice and must leave the same
// trace. Prints the seed of a run that broke a promise; `--seed N` replays it. With --meetings it fails, too,
// if a message type met a fault less often than that.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include "tests/simulation/sim_cluster.h"

namespace {

using zonda::sim::Coverage;
using zonda::sim::RunReport;
using zonda::sim::SimCluster;

constexpr std::uint64_t kTwiceEvery = 16;
constexpr std::uint64_t kSeedsSpool = 1'000;  // in so many, spools meet all that can happen to them

struct Options {
  std::uint64_t from = 1;
  std::uint64_t seeds = 100;
  std::uint64_t meetings = 0;
  bool verbose = false;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int at = 1; at < argc; ++at) {
    const std::string name = argv[at];
    const auto value = [&] { return at + 1 < argc ? std::strtoull(argv[++at], nullptr, 10) : 0; };
    if (name == "--seed")
      options.from = value(), options.seeds = 1, options.verbose = true;
    else if (name == "--seeds")
      options.seeds = value();
    else if (name == "--from")
      options.from = value();
    else if (name == "--meetings")
      options.meetings = value();
    else if (name == "--verbose")
      options.verbose = true;
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  Coverage coverage;
  RunReport sum;
  std::uint64_t thin = 0;
  int failed = 0;
  for (std::uint64_t seed = options.from; seed < options.from + options.seeds; ++seed) {
    const RunReport report = SimCluster(seed, coverage).run();
    std::string wrong = report.violation;
    if (seed % kTwiceEvery == 0 || options.seeds == 1) {
      Coverage ignored;
      const RunReport again = SimCluster(seed, ignored).run();
      if (wrong.empty() && (again.trace != report.trace || again.events != report.events))
        wrong = "the second run differs from the first";
    }
    if (!wrong.empty()) {
      std::printf("FAILED seed %llu: %s\n", static_cast<unsigned long long>(seed), wrong.c_str());
      ++failed;
    }
    if (options.verbose)
      std::printf("seed %llu: %llu events, %llu faults, %llu tasks, %llu outcomes\n",
                  static_cast<unsigned long long>(seed), static_cast<unsigned long long>(report.events),
                  static_cast<unsigned long long>(report.faults),
                  static_cast<unsigned long long>(report.tasks),
                  static_cast<unsigned long long>(report.outcomes));
    if (report.events < 500 || report.faults < 3) ++thin;
    sum.events += report.events;
    sum.faults += report.faults;
    sum.tasks += report.tasks;
    sum.outcomes += report.outcomes;
    sum.starts += report.starts;
    sum.workers_killed += report.workers_killed;
    sum.killers_found += report.killers_found;
    sum.spools += report.spools;
    sum.kills_max = std::max(sum.kills_max, report.kills_max);
  }
  std::printf("%s\n%llu seeds from %llu: %llu events, %llu faults, %llu tasks, %llu outcomes, ",
              coverage.table().c_str(), static_cast<unsigned long long>(options.seeds),
              static_cast<unsigned long long>(options.from), static_cast<unsigned long long>(sum.events),
              static_cast<unsigned long long>(sum.faults), static_cast<unsigned long long>(sum.tasks),
              static_cast<unsigned long long>(sum.outcomes));
  std::printf(
      "%llu broker starts, %llu workers killed by tasks (at most %llu by one), %llu of those found, %llu "
      "thin seeds, %d failed\n",
      static_cast<unsigned long long>(sum.starts), static_cast<unsigned long long>(sum.workers_killed),
      static_cast<unsigned long long>(sum.kills_max), static_cast<unsigned long long>(sum.killers_found),
      static_cast<unsigned long long>(thin), failed);
  std::printf(
      "spools: %llu taken, %llu without room, %llu failed, %llu read back, %llu damaged\n",
      static_cast<unsigned long long>(sum.spools.puts), static_cast<unsigned long long>(sum.spools.refused),
      static_cast<unsigned long long>(sum.spools.failed), static_cast<unsigned long long>(sum.spools.got),
      static_cast<unsigned long long>(sum.spools.damaged));
  const bool spooled = options.seeds < kSeedsSpool || sum.spools.all_met();
  if (!spooled) std::printf("FAILED to fill, break and damage a spool\n");
  const std::string rare = coverage.rare_pairs(options.meetings);
  if (!rare.empty()) std::printf("FAILED to meet often enough:\n%s", rare.c_str());
  return failed == 0 && spooled && rare.empty() ? 0 : 1;
}
