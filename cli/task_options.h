// The options that run, map and submit have in common: how the command is run and who may run it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "command_line/command.h"
#include "proto/messages.h"
#include "worker/executor/exec_function.h"

namespace zonda::cli {

struct TaskOptions {
  std::string name;
  std::string queue;
  std::int32_t priority = 0;
  std::uint64_t retries = 0;
  std::chrono::milliseconds timeout{0};
  std::chrono::milliseconds deadline{0};
  std::chrono::milliseconds delay{0};
  std::map<std::string, double> resources;
  std::map<std::string, std::string> labels;
  std::vector<std::string> env;
  std::string cwd;
  std::string stdin_file;
  std::uint64_t fails_max = 0;
  bool shell = false;
};

void add_task_options(Command& command, TaskOptions& options);

JobSpec exec_spec(const TaskOptions& options);
// All but argv; reads the file for standard input. Throws Complaint.
ExecRequest exec_request(const TaskOptions& options);

}  // namespace zonda::cli
