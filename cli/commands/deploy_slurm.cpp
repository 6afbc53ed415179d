// zonda deploy slurm: workers in allocations of Slurm.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/deployment.h"
#include "cli/document.h"
#include "cli/subprocess.h"
#include "command_line/complaint.h"
#include "command_line/duration.h"
#include "command_line/escape.h"

namespace zonda::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLastWords{10'000};  // between the end of the drain and that of the allocation

struct Settings {
  std::uint64_t workers = 1;
  bool dry_run = false;
  milliseconds idle_timeout = std::chrono::minutes(5);
  milliseconds drain_timeout = std::chrono::seconds(20);
  std::string program;
};

struct Submission {
  std::vector<std::string> words;  // sbatch and its options
  std::string script;
};

std::string own_program() {
  std::error_code error;
  const std::string path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error)
    throw Complaint(ExitCode::Failure, "cannot tell where this program is", "--program PATH says it");
  return path;
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + quote_for_shell(word);
  return line;
}

// The shell becomes the worker, so that it is the worker that Slurm tells to leave.
std::string script_of(const Environment& environment, const Settings& settings) {
  std::vector<std::string> words{settings.program.empty() ? own_program() : settings.program,
                                 "worker",
                                 "start",
                                 "--broker",
                                 broker_for_workers(environment.common.broker),
                                 "--drain-timeout",
                                 format_duration(settings.drain_timeout),
                                 "--idle-timeout",
                                 format_duration(settings.idle_timeout)};
  if (const std::string keys = key_for_workers(environment.common.keys); !keys.empty())
    words.insert(words.end(), {"--keys", keys});
  return "#!/bin/sh\nexec " + shell_line(words) +
         " \\\n  --slots \"${SLURM_CPUS_PER_TASK:-${SLURM_CPUS_ON_NODE:-1}}\""
         " --name \"slurm-${SLURM_JOB_ID}-$(hostname -s)\" --label "
         "\"slurm-job=${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}\"\n";
}

Submission submission_of(const Environment& environment, const Settings& settings,
                         const std::vector<std::string>& options) {
  const auto warning = std::chrono::ceil<std::chrono::seconds>(settings.drain_timeout + kLastWords);
  std::vector<std::string> words{"sbatch", "--parsable", "--job-name=zonda",
                                 "--signal=B:TERM@" + std::to_string(warning.count())};
  if (settings.workers > 1) words.push_back("--array=1-" + std::to_string(settings.workers));
  words.insert(words.end(), options.begin(), options.end());
  return {words, script_of(environment, settings)};
}

// "1234", or "1234;cluster"
std::string submit(const Submission& submission) {
  const ProgramEnd end = run_program(submission.words, submission.script);
  if (end.code == 127)
    throw Complaint(ExitCode::Failure, "there is no sbatch here", "Slurm's commands must be on PATH");
  std::string said = end.code == 0 ? end.out : end.err;
  said.erase(std::find(said.begin(), said.end(), '\n'), said.end());
  if (end.code != 0) throw Complaint(ExitCode::Refused, said.empty() ? "sbatch failed" : said);
  return said.substr(0, said.find(';'));
}

int deploy(Environment& environment, const Settings& settings, const std::vector<std::string>& options) {
  const Submission submission = submission_of(environment, settings, options);
  const std::string line = shell_line(submission.words);
  if (settings.dry_run && !environment.json()) {
    environment.out.write(line + " <<'END'\n" + submission.script + "END\n");
    return 0;
  }
  Json answer{
      {"job", nullptr}, {"workers", settings.workers}, {"command", line}, {"script", submission.script}};
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
      option::number("workers", "N", "each an allocation of its own; default 1", settings->workers, 10'000,
                     1),
      option::duration("idle-timeout", "a worker leaves after so long without a task; default 5m, 0: never",
                       settings->idle_timeout),
      option::duration("drain-timeout", "running tasks get so long before the wall time; default 20s",
                       settings->drain_timeout),
      option::text("program", 0, "PATH", "of zonda on the nodes; default: where this one is",
                   settings->program),
      option::flag("dry-run", 0, "print what would be submitted", settings->dry_run)};
  command.notes = "This program and the key (--keys) must be on a file system that the nodes share.\n";
  command.run = [&environment, settings](const std::vector<std::string>& options) {
    return deploy(environment, *settings, options);
  };
  return command;
}

}  // namespace zonda::cli
