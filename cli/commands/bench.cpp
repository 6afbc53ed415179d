// zonda bench: measures this installation, through the public API and separate processes, and checks every
// result.
#include <zonda/client.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <ranges>

#include "cli/bench_functions.h"
#include "cli/bench_map.h"
#include "cli/bench_report.h"
#include "cli/commands/commands.h"
#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

// Numbers, or texts of the size asked for.
void map_all(Client& client, const BenchCluster& cluster, const BenchOptions& options, std::uint64_t tasks) {
  if (options.payload == 8) return map_numbers(client, cluster, tasks);
  const std::string text(options.payload, 'x');
  const auto inputs =
      std::views::iota(std::uint64_t{0}, tasks) | std::views::transform([&](std::uint64_t) { return text; });
  check_all(client.map(bench::kEchoText, inputs), cluster, tasks,
            [&](std::uint64_t, const std::string& value) { return value == text; });
}

// Keeps so many single calls on their way, and times each from its submit to its result.
template <class T, class Input>
std::vector<double> time_each(Client& client, const BenchCluster& cluster, const BenchOptions& options,
                              std::uint64_t tasks, const Function<T(T)>& function, const Input& input_of) {
  struct Call {
    Future<T> future;
    Clock::time_point began;
  };
  std::deque<Call> calls;
  std::vector<double> latencies;
  latencies.reserve(tasks);
  for (std::uint64_t index = 0; index < tasks || !calls.empty();) {
    while (index < tasks && calls.size() < options.outstanding) {
      const Clock::time_point began = Clock::now();
      calls.push_back({client.submit(function(input_of(index++))), began});
    }
    const std::uint64_t expected = index - calls.size();
    if (calls.front().future.get() != input_of(expected)) wrong_result(expected);
    latencies.push_back(seconds_since(calls.front().began) * 1e6);
    calls.pop_front();
    cluster.leave_if_interrupted();
  }
  return latencies;
}

std::vector<double> time_calls(Client& client, const BenchCluster& cluster, const BenchOptions& options,
                               std::uint64_t tasks) {
  if (options.payload == 8)
    return time_each(client, cluster, options, tasks, bench::kEchoNumber,
                     [](std::uint64_t index) { return kLarge + static_cast<std::int64_t>(index); });
  return time_each(client, cluster, options, tasks, bench::kEchoText,
                   [text = std::string(options.payload, 'x')](std::uint64_t) { return text; });
}

// One map, or single calls if it was said how many shall be on their way.
void do_all(Client& client, const BenchCluster& cluster, const BenchOptions& options, std::uint64_t tasks) {
  if (options.outstanding == 0)
    map_all(client, cluster, options, tasks);
  else
    time_calls(client, cluster, options, tasks);
}

int throughput(Environment& environment, const BenchOptions& options, const char* name) {
  BenchCluster cluster(environment, options);
  BenchReport report{.name = name, .tasks = options.tasks, .seconds = 0};
  cluster.measure([&](Client& client) {
    do_all(client, cluster, options, std::min<std::uint64_t>(options.tasks, 1'000));  // connected and warm
    const Clock::time_point began = Clock::now();
    do_all(client, cluster, options, options.tasks);
    report.seconds = seconds_since(began);
  });
  cluster.stop();
  print_report(environment, report, options, cluster);
  return 0;
}

int throughput(Environment& environment, const BenchOptions& options) {
  return throughput(environment, options, "throughput");
}

int durable(Environment& environment, const BenchOptions& options) {
  return throughput(environment, options, "durable");
}

int latency(Environment& environment, const BenchOptions& options) {
  BenchCluster cluster(environment, options);
  BenchReport report{.name = "latency", .tasks = options.tasks, .seconds = 0};
  cluster.measure([&](Client& client) {
    time_calls(client, cluster, options, std::min<std::uint64_t>(options.tasks, 200));
    const Clock::time_point began = Clock::now();
    report.latencies_us = time_calls(client, cluster, options, options.tasks);
    report.seconds = seconds_since(began);
  });
  cluster.stop();
  print_report(environment, report, options, cluster);
  return 0;
}

Command measurement(Environment& environment, const char* name, const char* summary, std::uint64_t tasks,
                    std::uint64_t outstanding, const char* durability,
                    int (*measure)(Environment&, const BenchOptions&)) {
  auto options = std::make_shared<BenchOptions>();
  options->durability = durability;
  options->tasks = tasks;
  options->outstanding = outstanding;
  Command command{.name = name,
                  .summary = summary,
                  .operands = "",
                  .examples = std::string("zonda bench ") + name + "\nzonda bench " + name +
                              " --isolation process -o json"};
  command.options = with_cluster_options(
      {tasks_option(*options),
       option::number("payload", "BYTES", "of an argument and of a result; default 8", options->payload,
                      1 << 30),
       option::number("outstanding", "N",
                      outstanding == 0 ? "single calls on their way; default: one map of all"
                                       : "single calls on their way; default 1",
                      options->outstanding, 1 << 20, 1)},
      *options);
  command.run = [&environment, options, measure](const std::vector<std::string>&) {
    return measure(environment, *options);
  };
  return command;
}

}  // namespace

Command bench_command(Environment& environment) {
  Command command{.name = "bench",
                  .summary = "Measures this installation.",
                  .operands = "",
                  .examples = "zonda bench throughput\nzonda bench latency --transport ipc"};
  command.notes = "Starts a broker and workers of its own unless --broker names one.";
  command.children = {
      measurement(environment, "throughput", "How many tasks that do nothing are done in a second.",
                  5'000'000, 0, "memory", throughput),
      measurement(environment, "latency", "How long one task takes, there and back.", 20'000, 1, "memory",
                  latency),
      measurement(environment, "durable",
                  "How many tasks are accepted, done and recorded on a disk in a second.", 1'000'000, 0,
                  "fsync", durable),
      bench_stream_command(environment),
      bench_efficiency_command(environment),
      bench_depth_command(environment),
      bench_scale_command(environment),
      bench_workers_command(environment)};
  return command;
}

}  // namespace zonda::cli
