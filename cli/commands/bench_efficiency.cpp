// zonda bench efficiency: how much of the time of all slots is spent in tasks.
#include <zonda/client.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <random>
#include <span>

#include "cli/bench_functions.h"
#include "cli/bench_map.h"
#include "cli/bench_report.h"
#include "cli/commands/commands.h"
#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct EfficiencyOptions : BenchOptions {
  std::string work = "spin";
  std::chrono::milliseconds shortest = 1ms;
  std::chrono::milliseconds longest = 1ms;
};

// In microseconds; the same each time.
std::vector<std::int64_t> durations(const EfficiencyOptions& options) {
  std::mt19937_64 random(1);
  const auto microseconds = [](std::chrono::milliseconds time) { return time.count() * 1'000; };
  std::uniform_int_distribution<std::int64_t> any(microseconds(options.shortest),
                                                  microseconds(options.longest));
  std::vector<std::int64_t> all(options.tasks);
  for (std::int64_t& each : all) each = any(random);
  return all;
}

void run_all(Client& client, const BenchCluster& cluster, const EfficiencyOptions& options,
             std::span<const std::int64_t> work) {
  const auto function = options.work == "spin" ? bench::kSpin : bench::kSleep;
  std::size_t index = 0;
  for (const std::int64_t value : client.map(function, work)) {
    if (value != work[index]) wrong_result(index);
    ++index;
    cluster.leave_if_interrupted();
  }
}

// No schedule is shorter than either.
double ideal_seconds(const EfficiencyOptions& options, const std::vector<std::int64_t>& work) {
  const double slots = static_cast<double>(options.workers * options.slots);
  const double sum = std::accumulate(work.begin(), work.end(), 0.0) / slots;
  return std::max(sum, static_cast<double>(*std::max_element(work.begin(), work.end()))) / 1e6;
}

int efficiency(Environment& environment, const EfficiencyOptions& options) {
  if (options.shortest > options.longest)
    throw Complaint(ExitCode::Usage, "--shortest is longer than --longest");
  require_own_cluster(environment);
  BenchCluster cluster(environment, options);
  const std::vector<std::int64_t> work = durations(options);
  BenchReport report{.name = "efficiency", .tasks = options.tasks, .seconds = 0};
  cluster.measure([&](Client& client) {
    run_all(client, cluster, options,
            std::span(work).first(std::min<std::size_t>(work.size(), 100)));  // warm
    const Clock::time_point began = Clock::now();
    run_all(client, cluster, options, work);
    report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  });
  cluster.stop();
  const double ideal = ideal_seconds(options, work);
  char text[128];
  std::snprintf(text, sizeof text, "efficiency  %.3f  (the shortest possible is %.3f s)",
                ideal / report.seconds, ideal);
  report.figures = {{"ideal_seconds", ideal, ""}, {"efficiency", ideal / report.seconds, text}};
  print_report(environment, report, options, cluster);
  return 0;
}

}  // namespace

Command bench_efficiency_command(Environment& environment) {
  auto options = std::make_shared<EfficiencyOptions>();
  options->tasks = 5'000;
  Command command{.name = "efficiency",
                  .summary = "How much of the time of all slots is spent in tasks.",
                  .operands = "",
                  .examples =
                      "zonda bench efficiency\nzonda bench efficiency --work sleep --shortest 3ms "
                      "--longest 30ms --slots 8"};
  command.options = with_cluster_options(
      {tasks_option(*options),
       option::choice("work", 0, {"spin", "sleep"}, "what a task does; default spin", options->work),
       option::duration("shortest", "task; default 1ms", options->shortest),
       option::duration("longest", "task; default 1ms", options->longest)},
      *options);
  command.run = [&environment, options](const std::vector<std::string>&) {
    return efficiency(environment, *options);
  };
  return command;
}

}  // namespace zonda::cli
