// zonda deploy slurm: workers in allocations of Slurm.
#include <chrono>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/deployment.h"
#include "cli/document.h"
#include "cli/slurm.h"
#include "command_line/duration.h"

namespace zonda::cli {
namespace {

using std::chrono::milliseconds;

struct Settings {
  SlurmJob job;
  bool dry_run = false;
  milliseconds idle_timeout = std::chrono::minutes(5);
};

int deploy(Environment& environment, const Settings& settings, const std::vector<std::string>& options) {
  SlurmJob job = settings.job;
  job.sbatch = options;
  job.worker = {"--broker", broker_for_workers(environment.common.broker), "--idle-timeout",
                format_duration(settings.idle_timeout)};
  if (const std::string keys = key_for_workers(environment.common.keys); !keys.empty())
    job.worker.insert(job.worker.end(), {"--keys", keys});
  const SlurmSubmission submission = submission_of(job);
  const std::string line = submission.command();
  if (settings.dry_run && !environment.json()) {
    environment.out.write(line + " <<'END'\n" + submission.script + "END\n");
    return 0;
  }
  Json answer{{"job", nullptr}, {"workers", job.workers}, {"command", line}, {"script", submission.script}};
  if (!settings.dry_run) answer["job"] = submit(submission);
  print_thing(environment,
              {"zonda.deploy.slurm/1", [](const Json& json) { return text_of(json, "job"); },
               [](const Json& json) {
                 return std::vector<std::pair<std::string, std::string>>{
                     {"job", text_of(json, "job")},
                     {"workers", text_of(json, "workers")},
                     {"stop", "scancel --batch --signal=TERM " + text_of(json, "job")}};
               }},
              answer);
  return 0;
}

}  // namespace

Command deploy_slurm_command(Environment& environment) {
  auto settings = std::make_shared<Settings>();
  Command command{
      .name = "slurm",
      .summary = "Submits workers to Slurm. They leave before the wall time, or when there is nothing to do.",
      .operands = "[-- OPTIONS of sbatch]",
      .examples =
          "zonda deploy slurm --workers 10 -- --partition=long --time=8:00:00 --cpus-per-task=16\n"
          "zonda deploy slurm --dry-run -- --time=60",
      .operands_max = kManyOperands,
      .takes_command = true};
  command.options = {
      option::number("workers", "N", "each an allocation of its own; default 1", settings->job.workers,
                     10'000, 1),
      option::duration("idle-timeout", "a worker leaves after so long without a task; default 5m, 0: never",
                       settings->idle_timeout),
      option::duration("drain-timeout", "running tasks get so long before the wall time; default 20s",
                       settings->job.drain_timeout),
      option::text("program", 0, "PATH", "of zonda on the nodes; default: where this one is",
                   settings->job.program),
      option::flag("dry-run", 0, "print what would be submitted", settings->dry_run)};
  command.notes = "This program and the key (--keys) must be on a file system that the nodes share.\n";
  command.run = [&environment, settings](const std::vector<std::string>& options) {
    return deploy(environment, *settings, options);
  };
  return command;
}

}  // namespace zonda::cli
