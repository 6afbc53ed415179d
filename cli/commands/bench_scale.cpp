// zonda bench scale: what many workers cost a broker. zonda bench workers: the many workers.
#include <zonda/client.h>

#include <chrono>
#include <memory>

#include "cli/bench_map.h"
#include "cli/bench_report.h"
#include "cli/commands/commands.h"
#include "cli/light_workers.h"
#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kIdleMin = 100ms;

struct ScaleOptions : BenchOptions {
  std::chrono::milliseconds idle = 20s;
};

BenchCluster::Cost measure(BenchCluster& cluster, std::uint64_t tasks) {
  BenchCluster::Cost cost;
  cluster.measure(
      [&](Client& client) { cost = cluster.cost_of(tasks, [&] { map_numbers(client, cluster, tasks); }); });
  return cost;
}

int scale(Environment& environment, const ScaleOptions& options) {
  require_own_cluster(environment);
  if (options.idle < kIdleMin)
    throw Complaint(ExitCode::Usage, "--idle is at least 100ms; heartbeats come every 5 s");
  ScaleOptions nobody = options;
  nobody.workers = 0;
  BenchCluster cluster(environment, nobody);
  cluster.add_light_workers(1);
  const BenchCluster::Cost one = measure(cluster, options.tasks);
  const auto before = static_cast<double>(cluster.broker_usage().resident_bytes);
  const Clock::time_point began = Clock::now();
  cluster.add_light_workers(options.workers - 1);
  const double join_seconds = std::chrono::duration<double>(Clock::now() - began).count();
  const double bytes = (static_cast<double>(cluster.broker_usage().resident_bytes) - before) /
                       static_cast<double>(options.workers - 1);
  const double cpu = cluster.broker_usage().cpu_seconds;
  cluster.wait(options.idle);
  const double share =
      (cluster.broker_usage().cpu_seconds - cpu) / std::chrono::duration<double>(options.idle).count();
  const BenchCluster::Cost many = measure(cluster, options.tasks);
  cluster.stop();

  BenchReport report{.name = "scale", .tasks = options.tasks, .seconds = many.seconds};
  const double ratio = many.broker_us_per_task / one.broker_us_per_task;
  const auto workers = static_cast<unsigned long long>(options.workers);
  char idle[160], busy[160];
  std::snprintf(idle, sizeof idle,
                "idle  %llu workers joined in %.1f s and cost the broker %.2f %% of a core, %.1f KiB each",
                workers, join_seconds, 100 * share, bytes / 1024);
  std::snprintf(busy, sizeof busy,
                "busy  the broker takes %.3f us for a task, with one worker %.3f us: ratio %.2f",
                many.broker_us_per_task, one.broker_us_per_task, ratio);
  report.figures = {{"join_seconds", join_seconds, ""},
                    {"idle_share_of_a_core", share, idle},
                    {"bytes_per_worker", bytes, ""},
                    {"broker_us_per_task", many.broker_us_per_task, busy},
                    {"broker_us_per_task_of_one", one.broker_us_per_task, ""},
                    {"ratio", ratio, ""}};
  print_report(environment, report, options, cluster);
  return 0;
}

}  // namespace

Command bench_scale_command(Environment& environment) {
  auto options = std::make_shared<ScaleOptions>();
  options->tasks = 2'000'000;
  options->workers = 1'000;
  options->slots = 1;
  options->isolation = "light";
  Command command{.name = "scale",
                  .summary = "What many workers cost a broker, idle and busy.",
                  .operands = "",
                  .examples = "zonda bench scale\nzonda bench scale --workers 5000"};
  command.notes = "The workers are light ones: see zonda bench workers.";
  command.options = {
      tasks_option(*options), option::number("workers", "N", "default 1000", options->workers, 10'000, 2),
      option::duration("idle", "how long they have nothing to do; default 20s", options->idle)};
  command.run = [&environment, options](const std::vector<std::string>&) {
    return scale(environment, *options);
  };
  return command;
}

Command bench_workers_command(Environment& environment) {
  auto count = std::make_shared<std::uint64_t>(1'000);
  Command command{.name = "workers",
                  .summary = "Many workers in one process, for measurements of brokers.",
                  .operands = "",
                  .examples =
                      "zonda bench workers --count 1000 &\nzonda bench throughput --broker "
                      "tcp://127.0.0.1:5570"};
  command.notes = "Each has connections of its own but no executor: it gives back what it gets.";
  command.options = {option::number("count", "N", "default 1000", *count, 10'000, 1)};
  command.run = [&environment, count](const std::vector<std::string>&) {
    run_light_workers(environment.common.broker, environment.common.keys, *count);
    return 0;
  };
  return command;
}

}  // namespace zonda::cli
