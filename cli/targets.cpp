#include "cli/targets.h"

#include <charconv>

#include "command_line/complaint.h"

namespace zonda::cli {

JobId parse_job(const std::string& text) {
  if (const std::optional<JobId> id = parse_job_id(text)) return *id;
  throw Complaint(ExitCode::Usage, "'" + text + "' is not the id of a job", "'zonda job list' shows them");
}

TaskId parse_task(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos)
    throw Complaint(ExitCode::Usage, "'" + text + "' is not a task", "a task is JOB/INDEX");
  TaskId task{parse_job(text.substr(0, slash)), 0};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, task.index);
  if (error != std::errc() || stop != end)
    throw Complaint(ExitCode::Usage, "'" + text.substr(slash + 1) + "' is not the index of a task");
  return task;
}

ExitCode for_each_target(Environment& environment, const std::vector<std::string>& targets,
                         const std::function<void(const std::string&)>& act) {
  if (targets.size() == 1) return act(targets[0]), ExitCode::Ok;
  bool failed = false;
  for (const std::string& target : targets) {
    try {
      act(target);
    } catch (const Complaint& complaint) {
      if (complaint.code() == ExitCode::Unreachable) throw;  // the others would tell the same
      failed = true;
      const Complaint named(complaint.code(), target + ": " + complaint.what(), complaint.hint());
      environment.err.write(format_complaint(named, environment.json()));
    }
  }
  return failed ? ExitCode::SomeFailed : ExitCode::Ok;
}

}  // namespace zonda::cli
