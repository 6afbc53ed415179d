#include "cli/slurm.h"

#include <algorithm>
#include <sstream>

#include "cli/subprocess.h"
#include "command_line/complaint.h"
#include "command_line/duration.h"
#include "command_line/escape.h"

namespace zonda::cli {
namespace {

constexpr std::chrono::minutes kAnswerWithin{2};  // of Slurm
constexpr std::chrono::seconds kLastWords{10};    // between the end of the drain and that of the allocation

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + quote_for_shell(word);
  return line;
}

std::string first_line(std::string text) {
  text.erase(std::find(text.begin(), text.end(), '\n'), text.end());
  return text;
}

// The shell becomes the worker, so that it is the worker that Slurm tells to leave.
std::string script_of(const SlurmJob& job) {
  std::vector<std::string> options{"--drain-timeout", format_duration(job.drain_timeout)};
  options.insert(options.end(), job.worker.begin(), job.worker.end());
  return "#!/bin/sh\nexec " +
         shell_line({job.program.empty() ? own_program() : job.program, "worker", "start"}) +
         " \\\n  --slots \"${SLURM_CPUS_PER_TASK:-${SLURM_CPUS_ON_NODE:-1}}\""
         " --name \"slurm-${SLURM_JOB_ID}-$(hostname -s)\" --label "
         "\"slurm-job=${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}\" \\\n  " +
         shell_line(options) + "\n";
}

ProgramEnd run_slurm(const std::vector<std::string>& words, std::string_view input = {}) {
  ProgramEnd end = run_program(words, input, kAnswerWithin);
  if (end.code == 127)
    throw Complaint(ExitCode::Failure, "there is no " + words.front() + " here",
                    "Slurm's commands must be on PATH");
  if (end.code == 0) return end;
  const std::string said = first_line(end.err);
  throw Complaint(ExitCode::Refused, said.empty() ? words.front() + " failed" : said);
}

}  // namespace

std::string SlurmSubmission::command() const { return shell_line(words); }

SlurmSubmission submission_of(const SlurmJob& job) {
  const auto warning = std::chrono::ceil<std::chrono::seconds>(job.drain_timeout + kLastWords);
  std::vector<std::string> words{"sbatch", "--parsable", "--job-name=" + job.name,
                                 "--signal=B:TERM@" + std::to_string(warning.count())};
  if (job.workers > 1) words.push_back("--array=1-" + std::to_string(job.workers));
  words.insert(words.end(), job.sbatch.begin(), job.sbatch.end());
  return {words, script_of(job)};
}

// It says "1234", or "1234;cluster".
std::string submit(const SlurmSubmission& submission) {
  const std::string said = first_line(run_slurm(submission.words, submission.script).out);
  return said.substr(0, said.find(';'));
}

std::set<std::string> queued_names() {
  std::istringstream lines(run_slurm({"squeue", "--me", "--noheader", "--format=%j"}).out);
  std::set<std::string> names;
  for (std::string name; std::getline(lines, name);) names.insert(name);
  return names;
}

void cancel_waiting(const std::string& job_name) {
  run_slurm({"scancel", "--state=PENDING", "--name=" + job_name});
}

}  // namespace zonda::cli
