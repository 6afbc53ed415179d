#include "worker/executor/command_spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace zonda {
namespace {

// Everything the child needs, made before vfork: after it only system calls are allowed.
struct Plan {
  std::vector<std::string> paths;  // tried in turn, as execvp does
  std::vector<char*> argv;
  std::vector<char*> shell_argv;  // for a script without #!: /bin/sh PATH args…
  std::vector<char*> environment;
  const char* cwd = nullptr;
  int fds[3] = {-1, -1, -1};
  pid_t parent = 0;
  // Answered by the child, which shares our memory until it has become the command.
  volatile int error = 0;
  volatile bool is_about_cwd = false;
};

std::vector<std::string> candidates(const std::string& name, std::string_view search_path) {
  if (name.empty()) return {};
  if (name.find('/') != name.npos) return {name};
  std::vector<std::string> paths;
  for (std::size_t from = 0; from <= search_path.size();) {
    const std::size_t to = std::min(search_path.find(':', from), search_path.size());
    std::string path(search_path.substr(from, to - from));
    path += path.empty() ? "./" : "/";
    path += name;
    // A relative one can be judged only in the command's directory.
    if (path.front() != '/' || ::access(path.c_str(), F_OK) == 0) paths.push_back(std::move(path));
    from = to + 1;
  }
  return paths;
}

void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void give_up(Plan& plan, int error) {
  plan.error = error;
  ::_exit(127);
}

void try_paths(Plan& plan) {
  int verdict = ENOENT;
  for (const std::string& path : plan.paths) {
    ::execve(path.c_str(), plan.argv.data(), plan.environment.data());
    if (errno == ENOEXEC) {
      plan.shell_argv[1] = const_cast<char*>(path.c_str());
      ::execve("/bin/sh", plan.shell_argv.data(), plan.environment.data());
    }
    if (errno != ENOENT && errno != ENOTDIR) verdict = errno;
    if (verdict != ENOENT && verdict != EACCES) break;
  }
  give_up(plan, verdict);
}

// The child's half of vfork.
[[noreturn]] void become_command(Plan& plan) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);
  if (plan.cwd != nullptr && ::chdir(plan.cwd) != 0) {
    plan.is_about_cwd = true;
    give_up(plan, errno);
  }
  for (int at = 0; at < 3; ++at) {
    if (::dup2(plan.fds[at], at) < 0) give_up(plan, errno);
  }
  reset_signals();
  try_paths(plan);
  ::_exit(127);
}

__attribute__((noinline)) pid_t vfork_command(Plan& plan) {
  const pid_t pid = ::vfork();
  if (pid == 0) become_command(plan);
  return pid;
}

void fill(Plan& plan, const CommandSpawn& spawn) {
  plan.paths = candidates(spawn.argv.front(), spawn.search_path);
  plan.shell_argv = {const_cast<char*>("/bin/sh"), nullptr};
  for (std::size_t at = 0; at < spawn.argv.size(); ++at) {
    char* word = const_cast<char*>(spawn.argv[at].c_str());
    plan.argv.push_back(word);
    if (at > 0) plan.shell_argv.push_back(word);
  }
  plan.argv.push_back(nullptr);
  plan.shell_argv.push_back(nullptr);
  for (const char* variable : spawn.environment) plan.environment.push_back(const_cast<char*>(variable));
  plan.environment.push_back(nullptr);
  if (!spawn.cwd.empty()) plan.cwd = spawn.cwd.c_str();
  plan.fds[0] = spawn.stdin_fd;
  plan.fds[1] = spawn.stdout_fd;
  plan.fds[2] = spawn.stderr_fd;
  plan.parent = ::getpid();
}

}  // namespace

SpawnedCommand spawn_command(const CommandSpawn& spawn) {
  Plan plan;
  fill(plan, spawn);
  if (plan.paths.empty()) return {-1, ENOENT, false};
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler of ours may run in the child on our memory
  const pid_t pid = vfork_command(plan);
  const int fork_error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return {-1, fork_error, false};
  if (plan.error == 0) return {pid, 0, false};
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return {-1, plan.error, plan.is_about_cwd};
}

}  // namespace zonda
