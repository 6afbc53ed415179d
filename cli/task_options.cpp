#include "cli/task_options.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "command_line/complaint.h"
#include "proto/limits.h"

namespace zonda::cli {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path == "-" ? "/dev/stdin" : path, std::ios::binary);
  if (!file) throw Complaint(ExitCode::Failure, "cannot read " + path + ": " + std::strerror(errno));
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.size() > kPayloadBytesMax)
    throw Complaint(ExitCode::Refused, path + " is larger than a task's input may be");
  return bytes;
}

// Zero would be no limit at all, which nobody means who gives one.
Option limit(const char* name, const char* help, std::chrono::milliseconds& target) {
  Option option = option::duration(name, help, target);
  option.set = [set = option.set, name, &target](const std::string& given) {
    set(given);
    if (target.count() == 0)
      throw Complaint(ExitCode::Usage, std::string("--") + name + ": '" + given + "' is no time at all",
                      std::string("without --") + name + " there is no limit");
  };
  return option;
}

}  // namespace

void add_task_options(Command& command, TaskOptions& options) {
  const std::vector<Option> shared{
      option::text("name", 0, "NAME", "a name of the job, for people", options.name),
      option::text("queue", 0, "NAME", "the queue it waits in", options.queue),
      option::integer("priority", "N", "higher runs first; 0 is normal", options.priority),
      option::number("retries", "N", "more attempts after a failure; default 0", options.retries, 1'000'000),
      limit("timeout", "limit of one attempt", options.timeout),
      limit("deadline", "limit of everything, from now on", options.deadline),
      option::duration("delay", "do not begin before so much time has passed", options.delay),
      option::amount("resource", "what the worker must have free", options.resources),
      option::pair("label", "what the worker must be labelled with", options.labels),
      option::list("env", "K=V", "a variable for the command", options.env),
      option::text("cwd", 0, "DIR", "where it runs; default: here, if that exists there", options.cwd),
      option::text("stdin", 0, "FILE", "its standard input, - for mine; default: empty", options.stdin_file),
      option::number("max-fails", "N", "cancel the job after so many failed tasks", options.fails_max,
                     UINT32_MAX),
      option::flag("shell", 0, "the command is a script for /bin/sh -c", options.shell)};
  command.options.insert(command.options.end(), shared.begin(), shared.end());
}

JobSpec exec_spec(const TaskOptions& options) {
  JobSpec spec;
  spec.name = options.name;
  spec.function = kExecName;
  spec.signature = kExecSignature;
  spec.queue = options.queue;
  spec.priority = options.priority;
  spec.retries = static_cast<std::uint32_t>(options.retries);
  spec.timeout_ms = static_cast<std::uint64_t>(options.timeout.count());
  spec.deadline_ms = static_cast<std::uint64_t>(options.deadline.count());
  spec.delay_ms = static_cast<std::uint64_t>(options.delay.count());
  spec.resources = options.resources;
  spec.labels = options.labels;
  spec.fails_max = static_cast<std::uint32_t>(options.fails_max);
  return spec;
}

ExecRequest exec_request(const TaskOptions& options) {
  ExecRequest request;
  request.shell = options.shell;
  for (const std::string& variable : options.env) request.env.push_back(split_pair(variable, "--env"));
  std::error_code unknown;  // a working directory that was removed is no reason to refuse
  const std::filesystem::path here = std::filesystem::current_path(unknown);
  request.cwd = options.cwd.empty() ? here : (here / options.cwd).lexically_normal();
  request.cwd_required = !options.cwd.empty();
  if (!options.stdin_file.empty()) request.input = read_file(options.stdin_file);
  return request;
}

}  // namespace zonda::cli
