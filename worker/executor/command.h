// One run of a command: starts it, gathers its output, stops it if asked, leaves nothing of it behind.
#pragma once

#include <zonda/detail/task_control.h>

#include <cstdint>
#include <string>

#include "proto/unique_fd.h"
#include "worker/executor/command_spawn.h"
#include "worker/executor/exec_function.h"

namespace zonda {

class Command {
 public:
  Command(const ExecRequest& request, detail::TaskControl& control) : request_(request), control_(control) {}

  // Runs it in `cwd` with `environment` ("NAME=value"). Throws std::system_error if the host refuses pipes or
  // processes; a command that cannot be started is a result (127, 126) and start_error() says why.
  ExecResult run(const std::string& cwd, const std::vector<const char*>& environment);
  const std::string& start_error() const { return start_error_; }

 private:
  struct Stream {
    UniqueFd pipe;
    std::string* kept = nullptr;
    bool* is_cut = nullptr;
    std::uint64_t total = 0;
    detail::OutputStream name{};
  };

  bool spawn(const std::string& cwd, const std::vector<const char*>& environment);
  void explain(const SpawnedCommand& spawned, const std::string& cwd);
  void supervise();
  void read_some(Stream& stream);
  void stop_if_asked();
  void reap();

  const ExecRequest& request_;
  detail::TaskControl& control_;
  ExecResult result_;
  std::string start_error_;
  Stream stdout_;
  Stream stderr_;
  UniqueFd pidfd_;
  pid_t pid_ = -1;
  std::int64_t asked_to_stop_ns_ = 0;
  bool was_killed_ = false;
};

}  // namespace zonda
