// zonda bench depth: what a long queue costs, in memory and in rate.
#include <atomic>
#include <chrono>
#include <future>
#include <memory>

#include "cli/bench_functions.h"
#include "cli/bench_map.h"
#include "cli/bench_report.h"
#include "cli/broker_link.h"
#include "cli/commands/commands.h"
#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kLook{5};
constexpr std::uint64_t kTogether = 1'000;  // tasks
constexpr std::size_t kTextBytes = 30;      // of a task: 32 with msgpack's heads of the array and the text

struct DepthOptions : BenchOptions {
  std::uint64_t deep = 10'000'000;
  std::uint64_t shallow = 10'000;
};

// With a long queue broker and workers are ahead of their client, so there are two rates: of what the broker
// has done, and of what the client has read.
struct Found {
  double bytes_per_task = 0;
  double read_seconds = 0;
  BenchCluster::Cost cost;
};

std::string text_of(std::uint64_t index) {
  std::string text = std::to_string(index);
  text.insert(0, kTextBytes - text.size(), '0');
  return static_cast<char>(0xa0 + kTextBytes) + text;
}

// A job with so many queued tasks: whenever some came back, as many are added.
class DeepJob {
 public:
  DeepJob(Environment& environment, const BenchCluster& cluster) : cluster_(cluster), link_(environment) {
    JobSpec spec;
    spec.function = bench::kEchoText.name();
    spec.signature = bench::kEchoText.signature();
    channel_ = link_.open(spec);
  }

  void append(std::uint64_t count) {
    for (; count > 0; --count) channel_->append('\x91' + text_of(channel_->appended()));
  }
  void fill(std::uint64_t depth) {
    for (std::uint64_t left = depth; left > 0; left -= std::min(left, kTogether)) {
      append(std::min(left, kTogether));
      cluster_.leave_if_interrupted();
    }
    while (!channel_->wait_accepted(100ms)) cluster_.leave_if_interrupted();
  }
  void take(std::uint64_t tasks) {
    for (; tasks > 0; --tasks) {
      std::optional<JobEvent> event;
      while (!(event = channel_->next(100ms))) {
        cluster_.leave_if_interrupted();
        if (given_up_) return;
      }
      const auto* outcome = std::get_if<TaskOutcome>(&*event);
      if (outcome == nullptr || !outcome->has_value() || outcome->payload != text_of(outcome->index))
        wrong_result(taken_);
      if (++taken_ % kTogether == 0) append(kTogether);
    }
  }
  void give_up() { given_up_ = true; }  // from any thread: nothing more is taken

 private:
  const BenchCluster& cluster_;
  BrokerLink link_;
  std::unique_ptr<JobChannel> channel_;
  std::uint64_t taken_ = 0;
  std::atomic<bool> given_up_ = false;
};

std::uint64_t done_by(BrokerLink& broker) { return broker.ask("status").at("done").get<std::uint64_t>(); }

Found measure(Environment& environment, const DepthOptions& options, BenchCluster& cluster,
              std::uint64_t depth) {
  Found found;
  std::unique_ptr<DeepJob> job;
  const auto before = static_cast<double>(cluster.broker_usage().resident_bytes);
  cluster.run([&] {
    job = std::make_unique<DeepJob>(environment, cluster);
    job->fill(depth);
  });
  found.bytes_per_task =
      (static_cast<double>(cluster.broker_usage().resident_bytes) - before) / static_cast<double>(depth);
  cluster.add_workers(options.workers);
  cluster.run([&] {
    BrokerLink broker(environment);
    job->take(options.tasks / 10);  // under way
    const std::uint64_t end = done_by(broker) + options.tasks;
    const auto began = Clock::now();
    {
      std::future<void> taken = std::async(std::launch::async, [&] {
        job->take(options.tasks);
        found.read_seconds = std::chrono::duration<double>(Clock::now() - began).count();
      });
      const struct GiveUp {
        DeepJob& job;
        ~GiveUp() { job.give_up(); }
      } give_up{*job};  // before the future waits for it
      found.cost = cluster.cost_of(options.tasks, [&] {
        while (done_by(broker) < end && taken.wait_for(0s) != std::future_status::ready) cluster.wait(kLook);
      });
      taken.get();
    }
    job.reset();  // what is left is cancelled
  });
  cluster.stop();
  return found;
}

int depth(Environment& environment, const DepthOptions& options) {
  require_own_cluster(environment);
  DepthOptions nobody = options;
  nobody.workers = 0;
  Found shallow;
  {
    BenchCluster cluster(environment, nobody);
    shallow = measure(environment, options, cluster, options.shallow);
  }
  BenchCluster cluster(environment, nobody);
  const Found deep = measure(environment, options, cluster, options.deep);
  BenchReport report{.name = "depth", .tasks = options.tasks, .seconds = deep.cost.seconds};
  const double tasks = static_cast<double>(options.tasks);
  char memory[128], done[192], read[192];
  std::snprintf(memory, sizeof memory, "memory  %.1f bytes for each of %llu queued tasks of 32 bytes",
                deep.bytes_per_task, static_cast<unsigned long long>(options.deep));
  std::snprintf(
      done, sizeof done,
      "done  with %llu queued %.0f tasks/s: ratio %.2f; the broker takes %.3f and %.3f us for a task",
      static_cast<unsigned long long>(options.shallow), tasks / shallow.cost.seconds,
      shallow.cost.seconds / deep.cost.seconds, deep.cost.broker_us_per_task,
      shallow.cost.broker_us_per_task);
  std::snprintf(read, sizeof read, "read  by the client %.0f and %.0f tasks/s: ratio %.2f",
                tasks / deep.read_seconds, tasks / shallow.read_seconds,
                shallow.read_seconds / deep.read_seconds);
  report.figures = {{"queued", static_cast<double>(options.deep), ""},
                    {"bytes_per_queued_task", deep.bytes_per_task, memory},
                    {"broker_us_per_task", deep.cost.broker_us_per_task, ""},
                    {"shallow_queued", static_cast<double>(options.shallow), ""},
                    {"shallow_tasks_per_second", tasks / shallow.cost.seconds, ""},
                    {"shallow_broker_us_per_task", shallow.cost.broker_us_per_task, ""},
                    {"ratio", shallow.cost.seconds / deep.cost.seconds, done},
                    {"read_tasks_per_second", tasks / deep.read_seconds, ""},
                    {"shallow_read_tasks_per_second", tasks / shallow.read_seconds, ""},
                    {"read_ratio", shallow.read_seconds / deep.read_seconds, read}};
  print_report(environment, report, options, cluster);
  return 0;
}

}  // namespace

Command bench_depth_command(Environment& environment) {
  auto options = std::make_shared<DepthOptions>();
  options->tasks = 3'000'000;
  Command command{
      .name = "depth",
      .summary = "What a long queue costs, in memory and in rate.",
      .operands = "",
      .examples = "zonda bench depth\nzonda bench depth --deep 1000000 --tasks 300000 --durability fsync"};
  command.notes =
      "Tasks are added as the client reads outcomes. With a long queue the broker is ahead of it; with a\n"
      "short one it does what the client reads.";
  command.options = with_cluster_options(
      {option::number("tasks", "N", "done while so many are queued; default 3000000", options->tasks,
                      1ULL << 40, 10),
       option::number("deep", "N", "queued; default 10000000", options->deep, 1ULL << 32, kTogether),
       option::number("shallow", "N", "queued, to compare with; default 10000", options->shallow, 1ULL << 32,
                      kTogether)},
      *options);
  command.run = [&environment, options](const std::vector<std::string>&) {
    return depth(environment, *options);
  };
  return command;
}

}  // namespace zonda::cli
