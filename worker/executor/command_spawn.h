// Starts a command the fast way.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace zonda {

struct CommandSpawn {
  std::vector<std::string> argv;
  std::vector<const char*> environment;  // "NAME=value", without the closing null
  const char* search_path = "";          // of the command's own environment
  std::string cwd;
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
};

struct SpawnedCommand {
  pid_t pid = -1;  // leader of a process group of its own; -1 if it was not started
  int error = 0;   // errno then
  bool is_about_cwd = false;
};

// The command dies with the calling thread. vfork: the caller waits until the command runs, and costs neither
// a copy of its page tables nor, in a large agent, a long time.
SpawnedCommand spawn_command(const CommandSpawn& spawn);

}  // namespace zonda
