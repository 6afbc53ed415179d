// The outcome of a command that ran as a task, whether it succeeded or not.
#pragma once

#include <zonda/task_report.h>

#include <optional>
#include <string>

#include "cli/json.h"
#include "sdk/cpp/src/client_access.h"
#include "worker/executor/exec_function.h"

namespace zonda::cli {

struct ExecOutcome {
  std::uint64_t index = 0;
  std::uint8_t kind = 0;  // 0: the command ended with 0
  std::string worker;
  std::uint32_t attempt = 0;
  std::optional<ExecResult> result;  // none if it did not run, or its executor died
  TaskReport report;                 // if kind is not 0

  bool failed() const { return kind != 0; }
  bool cut() const;  // it wrote more than was kept
  // "exit code 3", "signal 9", "timed out: …": why it failed.
  std::string reason() const;
};

ExecOutcome read_exec_outcome(TaskOutcome&& outcome);  // throws Complaint if it cannot be read

const char* kind_name(std::uint8_t kind);  // "done", "failed", …

// One line of `-o jsonl`; `input` is null for tasks without.
Json exec_outcome_json(const ExecOutcome& outcome, const Json& input);

}  // namespace zonda::cli
