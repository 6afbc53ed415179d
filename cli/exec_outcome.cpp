#include "cli/exec_outcome.h"

#include <zonda/detail/reader.h>
#include <zonda/error.h>

#include "cli/readable_json.h"
#include "command_line/complaint.h"

namespace zonda::cli {

const char* kind_name(std::uint8_t kind) {
  return kind == 0 ? "done" : zonda::to_string(static_cast<TaskReport::Kind>(kind));
}

bool ExecOutcome::cut() const { return result && (result->stdout_cut || result->stderr_cut); }

std::string ExecOutcome::reason() const {
  if (kind == TaskReport::failed && result) {
    if (result->signal != 0) return "signal " + std::to_string(result->signal);
    if (result->exit_code == 127) return "exit code 127 (command not found)";
    if (result->exit_code == 126) return "exit code 126 (not executable)";
    return "exit code " + std::to_string(result->exit_code);
  }
  return describe(report);
}

ExecOutcome read_exec_outcome(TaskOutcome&& outcome) {
  ExecOutcome read{outcome.index, outcome.kind, std::move(outcome.worker), outcome.attempt, {}, {}};
  try {
    if (read.kind == 0) {
      read.result = decode_exec_result(outcome.payload);
    } else {
      read.result = exec_result_of(outcome.payload);
      read.report = outcome.report();
    }
  } catch (const zonda::detail::DecodeError& error) {
    throw Complaint(ExitCode::Failure, std::string("an outcome that cannot be read: ") + error.what());
  }
  return read;
}

Json exec_outcome_json(const ExecOutcome& outcome, const Json& input) {
  Json line{{"index", outcome.index}, {"input", nullptr}};
  if (input.is_string()) set_bytes(line, "input", input.get_ref<const std::string&>());
  const bool ran = outcome.result.has_value();
  line["exit_code"] =
      ran ? Json(outcome.result->exit_code) : Json(outcome.failed() ? Json(nullptr) : Json(0));
  line["signal"] = ran ? outcome.result->signal : outcome.report.signal;
  set_bytes(line, "stdout", ran ? outcome.result->stdout_bytes : "");
  set_bytes(line, "stderr", ran ? outcome.result->stderr_bytes : outcome.report.stderr_tail);
  line["kind"] = kind_name(outcome.kind);
  line["worker"] = outcome.worker;
  line["attempt"] = outcome.attempt;
  line["seconds"] = ran ? Json(outcome.result->seconds) : Json(nullptr);
  if (ran && outcome.result->stdout_cut) line["stdout_cut"] = true;
  if (ran && outcome.result->stderr_cut) line["stderr_cut"] = true;
  if (outcome.failed()) line["message"] = outcome.reason();
  return line;
}

}  // namespace zonda::cli
