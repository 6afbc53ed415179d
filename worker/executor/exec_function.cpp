#include "worker/executor/exec_function.h"
#include "proto/report.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "worker/executor/child_process.h"
#include "worker/executor/command.h"
#include "worker/executor/oom_kills.h"
#include "worker/executor/outcome.h"
#include "worker/executor/scratch_directory.h"
#include "worker/executor/task_run.h"
#include "worker/executor/text_tail.h"

extern char** environ;

namespace zonda {
namespace {

bool can_run_in(const std::string& directory) {
  struct stat info {};
  return !directory.empty() && ::stat(directory.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
         ::access(directory.c_str(), X_OK) == 0;
}

// The worker's environment with changes: names that are set anew are left out of the old one.
class Environment {
 public:
  void set(const std::string& name, const std::string& value) { changes_.push_back(name + "=" + value); }

  // The last setting of a name counts. Valid as long as this object and the worker's environment.
  std::vector<const char*> variables() const {
    std::vector<const char*> all;
    for (char** variable = environ; *variable != nullptr; ++variable) {
      if (!is_set_after(*variable, 0)) all.push_back(*variable);
    }
    for (std::size_t at = 0; at < changes_.size(); ++at) {
      if (!is_set_after(changes_[at].c_str(), at + 1)) all.push_back(changes_[at].c_str());
    }
    return all;
  }

 private:
  bool is_set_after(const char* variable, std::size_t from) const {
    const char* equals = std::strchr(variable, '=');
    if (equals == nullptr) return false;
    const auto size = static_cast<std::size_t>(equals + 1 - variable);
    for (std::size_t at = from; at < changes_.size(); ++at) {
      if (changes_[at].compare(0, size, variable, size) == 0) return true;
    }
    return false;
  }

  std::vector<std::string> changes_;
};

Environment environment_of(const ExecRequest& request, const detail::TaskControl& control) {
  Environment environment;
  for (const auto& [name, value] : request.env) environment.set(name, value);
  const TaskId task = control.task();
  environment.set("ZONDA_JOB", to_string(task.job));
  environment.set("ZONDA_INDEX", std::to_string(request.index.value_or(task.index)));
  environment.set("ZONDA_ATTEMPT", std::to_string(control.attempt()));
  environment.set("ZONDA_TOKEN",
                  std::to_string(control.token().epoch) + "." + std::to_string(control.token().lease));
  return environment;
}

TaskEnded failure_of(const ExecResult& result, const std::string& start_error, OomWatch& oom_watch) {
  const ProcessEnd end{result.signal, result.exit_code, result.peak_rss_bytes};
  TextTail tail;
  tail.append(result.stderr_bytes);
  TaskReport report;
  report.type = result.signal != 0 ? "signal" : "exit";
  report.message = start_error.empty() ? to_string(end) + oom_watch.hint_for(end.signal) : start_error;
  report.signal = result.signal;
  report.exit_code = result.exit_code;
  report.stderr_tail = tail.text();
  report.peak_rss_bytes = result.peak_rss_bytes;
  return {TaskReport::failed, encode_report_with_result(report, encode_exec_result(result))};
}

TaskEnded no_directory(const std::string& path) {
  TaskReport report;
  report.type = "cwd";
  report.message = "the worker has no directory " + path + " to run in";
  return {TaskReport::failed, encode_report(report)};
}

void run_exec(detail::TaskControl& control, std::string_view arguments, detail::Output& out) {
  static OomWatch oom_watch;
  const ExecRequest request = decode_exec_arguments(arguments);
  const Environment environment = environment_of(request, control);
  std::optional<ScratchDirectory> scratch;
  if (!can_run_in(request.cwd)) {
    if (request.cwd_required) throw no_directory(request.cwd);
    scratch.emplace();
  }
  Command command(request, control);
  ExecResult result = command.run(scratch ? scratch->path() : request.cwd, environment.variables());
  result.scratch = scratch.has_value();
  result.token = control.token();
  if (result.exit_code != 0 || result.signal != 0) throw failure_of(result, command.start_error(), oom_watch);
  out.bytes() += encode_exec_result(result);
}

}  // namespace

detail::Handler exec_handler() { return {kExecName, kExecSignature, run_exec}; }

}  // namespace zonda
