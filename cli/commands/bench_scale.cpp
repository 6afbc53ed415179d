// zonda bench scale: what many workers cost a broker. zonda bench workers: the many workers.
#include <zonda/client.h>

#include <chrono>
#include <memory>
#include <ranges>

#include "cli/bench_functions.h"
#include "cli/bench_report.h"
#include "cli/commands/commands.h"
#include "cli/light_workers.h"
#include "cli/process_usage.h"
#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct ScaleOptions : BenchOptions {
  std::chrono::milliseconds idle = 20s;
};

struct Found {
  double seconds = 0;  // for all tasks
  double broker_us_per_task = 0;
};

Found measure(BenchCluster& cluster, const ScaleOptions& options) {
  const pid_t broker = cluster.children()->broker().front().pid();
  Found found;
  cluster.measure([&](Client& client) {
    const double cpu = usage_of(broker).cpu_seconds;
    const Clock::time_point began = Clock::now();
    std::int64_t expected = 0;
    for (const std::int64_t value :
         client.map(bench::kEchoNumber,
                    std::views::iota(std::int64_t{0}, static_cast<std::int64_t>(options.tasks)))) {
      if (value != expected++) throw Complaint(ExitCode::Failure, "a task came back with a wrong result");
      cluster.leave_if_interrupted();
    }
    found.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    found.broker_us_per_task =
        1e6 * (usage_of(broker).cpu_seconds - cpu) / static_cast<double>(options.tasks);
  });
  return found;
}

int scale(Environment& environment, const ScaleOptions& options) {
  if (environment.common.broker_given)
    throw Complaint(ExitCode::Usage, "this brings workers to a broker of its own: leave out --broker");
  ScaleOptions nobody = options;
  nobody.workers = 0;
  BenchCluster cluster(environment, nobody);
  const pid_t broker = cluster.children()->broker().front().pid();
  cluster.add_light_workers(1);
  const Found one = measure(cluster, options);
  const auto before = static_cast<double>(usage_of(broker).resident_bytes);
  const Clock::time_point began = Clock::now();
  cluster.add_light_workers(options.workers - 1);
  const double join_seconds = std::chrono::duration<double>(Clock::now() - began).count();
  const double bytes = (static_cast<double>(usage_of(broker).resident_bytes) - before) /
                       static_cast<double>(options.workers - 1);
  const double cpu = usage_of(broker).cpu_seconds;
  cluster.wait(options.idle);
  const double share =
      (usage_of(broker).cpu_seconds - cpu) / std::chrono::duration<double>(options.idle).count();
  const Found many = measure(cluster, options);
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
    run_light_workers(environment.common.broker, *count);
    return 0;
  };
  return command;
}

}  // namespace zonda::cli
