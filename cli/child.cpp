#include "cli/child.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "command_line/complaint.h"

namespace zonda::cli {

Child Child::start(std::string name, const std::vector<std::string>& words) {
  std::vector<std::string> copies{"zonda"};
  copies.insert(copies.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (std::string& word : copies) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  sigset_t none;
  sigemptyset(&none);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0)
    throw Complaint(ExitCode::Failure, std::string("cannot start a process: ") + std::strerror(errno));
  if (pid == 0) {  // only calls that are safe after a fork with threads around
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    execv("/proc/self/exe", arguments.data());
    _exit(127);
  }
  return {std::move(name), pid};
}

void Child::send(int signal) const {
  if (is_running()) kill(pid_, signal);
}

bool Child::reap() {
  int status = 0;
  rusage usage{};
  if (!is_running() || wait4(pid_, &status, WNOHANG, &usage) != pid_) return !is_running();
  code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  cpu_seconds_ = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  max_rss_bytes_ = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return true;
}

}  // namespace zonda::cli
