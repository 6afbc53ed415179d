#include "cli/bench_options.h"

#include "worker/worker_command.h"

namespace zonda::cli {

std::vector<Option> with_cluster_options(std::vector<Option> own, BenchOptions& options) {
  const auto by_default = [](const auto& value) { return "default " + value; };
  const std::vector<Option> all = {
      option::number("workers", "N", by_default(std::to_string(options.workers)), options.workers, 10'000, 1),
      option::number("slots", "N", "of each worker; " + by_default(std::to_string(options.slots)),
                     options.slots, kSlotsMax, 1),
      option::choice("isolation", 0, {"thread", "process"}, by_default(options.isolation), options.isolation),
      option::choice("durability", 0, {"memory", "batch", "fsync"}, by_default(options.durability),
                     options.durability),
      option::choice("transport", 0, {"tcp", "ipc"}, by_default(options.transport), options.transport),
      option::flag("curve", 0, "with keys of its own: all that is said is encrypted", options.curve)};
  own.insert(own.end(), all.begin(), all.end());
  return own;
}

Option tasks_option(BenchOptions& options) {
  return option::number("tasks", "N", "how many; default " + std::to_string(options.tasks), options.tasks,
                        1ULL << 40, 1);
}

}  // namespace zonda::cli
