// zonda bench stream: how many bytes a second go to workers, or come back.
#include <zonda/client.h>

#include <chrono>
#include <memory>
#include <ranges>
#include <tuple>

#include "cli/bench_functions.h"
#include "cli/bench_map.h"
#include "cli/bench_report.h"
#include "cli/commands/commands.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kGiB = 1 << 30;
constexpr std::uint64_t kWarm = 64;

struct StreamOptions : BenchOptions {
  bool back = false;
};

// Texts go there, and what they were comes back.
void there(Client& client, const BenchCluster& cluster, std::uint64_t tasks, std::uint64_t bytes) {
  const auto texts = std::views::iota(std::uint64_t{0}, tasks) |
                     std::views::transform([&](std::uint64_t index) { return bench::text_of(index, bytes); });
  check_all(client.map(bench::kTake, texts), cluster, tasks,
            [&](std::uint64_t index, std::uint64_t mark) { return mark == bench::mark_of(index, bytes); });
}

void back(Client& client, const BenchCluster& cluster, std::uint64_t tasks, std::uint64_t bytes) {
  const auto inputs = std::views::iota(std::uint64_t{0}, tasks) |
                      std::views::transform([&](std::uint64_t each) { return std::tuple(each, bytes); });
  check_all(client.starmap(bench::kGive, inputs), cluster, tasks,
            [&](std::uint64_t index, const std::string& text) {
              return bench::mark_of(text) == bench::mark_of(index, bytes);
            });
}

int stream(Environment& environment, const StreamOptions& options) {
  BenchCluster cluster(environment, options);
  BenchReport report{.name = "stream", .tasks = options.tasks, .seconds = 0};
  cluster.measure([&](Client& client) {
    const auto go = options.back ? back : there;
    go(client, cluster, std::min(options.tasks, kWarm), options.payload);
    const Clock::time_point began = Clock::now();
    go(client, cluster, options.tasks, options.payload);
    report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  });
  cluster.stop();
  const double bytes = static_cast<double>(options.payload) * static_cast<double>(options.tasks);
  const double rate = bytes / report.seconds;
  char text[80];
  std::snprintf(text, sizeof text, "bytes  %.3f GiB/s %s", rate / kGiB, options.back ? "back" : "there");
  report.figures = {{"bytes_per_second", rate, text}};
  print_report(environment, report, options, cluster);
  return 0;
}

}  // namespace

Command bench_stream_command(Environment& environment) {
  auto options = std::make_shared<StreamOptions>();
  options->tasks = 1'024;
  options->payload = 1 << 20;
  Command command{.name = "stream",
                  .summary = "How many bytes a second go to workers, or come back.",
                  .operands = "",
                  .examples = "zonda bench stream\nzonda bench stream --back --isolation process"};
  command.options = with_cluster_options(
      {tasks_option(*options),
       option::number("payload", "BYTES", "of an argument, or of a result; default 1048576", options->payload,
                      1 << 30, 1),
       option::flag("back", 0, "in results instead of arguments", options->back)},
      *options);
  command.run = [&environment, options](const std::vector<std::string>&) {
    return stream(environment, *options);
  };
  return command;
}

}  // namespace zonda::cli
