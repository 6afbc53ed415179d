// The things a command is about: jobs and tasks by their ids, and what to do when there are several.
#pragma once

#include <zonda/job_id.h>

#include <functional>
#include <string>
#include <vector>

#include "cli/environment.h"
#include "command_line/exit_code.h"

namespace zonda::cli {

JobId parse_job(const std::string& text);    // throws Complaint (usage)
TaskId parse_task(const std::string& text);  // "JOB/INDEX"

// Does it for each target. One target: its Complaint is thrown. Several: each is printed, the others go on,
// and the exit code is SomeFailed.
ExitCode for_each_target(Environment& environment, const std::vector<std::string>& targets,
                         const std::function<void(const std::string&)>& act);

}  // namespace zonda::cli
