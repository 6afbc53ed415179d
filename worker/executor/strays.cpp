#include "worker/executor/strays.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "proto/unique_fd.h"

namespace zonda {
namespace {

using std::chrono::steady_clock;

// The parent of a process, from /proc/PID/stat: "PID (any name) S PPID …".
pid_t parent_of(const char* pid) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%s/stat", pid);
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  char text[512];
  const ssize_t size = file ? ::read(file.get(), text, sizeof text - 1) : -1;
  if (size <= 0) return 0;
  text[size] = '\0';
  const char* name_end = std::strrchr(text, ')');
  int parent = 0;
  return name_end != nullptr && std::sscanf(name_end + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

std::multimap<pid_t, pid_t> processes_by_parent() {
  std::multimap<pid_t, pid_t> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
  if (!directory) return all;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    if (const pid_t parent = parent_of(entry->d_name); parent > 0)
      all.emplace(parent, static_cast<pid_t>(std::atoi(entry->d_name)));
  }
  return all;
}

std::vector<pid_t> strays_below(pid_t root, const std::set<pid_t>& spared) {
  const std::multimap<pid_t, pid_t> processes = processes_by_parent();
  std::vector<pid_t> found;
  const auto add_children_of = [&](pid_t parent) {
    const auto [begin, end] = processes.equal_range(parent);
    for (auto child = begin; child != end; ++child) {
      if (!spared.contains(child->second)) found.push_back(child->second);
    }
  };
  add_children_of(root);
  for (std::size_t at = 0; at < found.size(); ++at) add_children_of(found[at]);
  return found;
}

// A whole group dies at once, none of it can fork meanwhile. Executors lead sessions of their own, so only
// strays are in these groups, or it is our own.
void kill_all(const std::vector<pid_t>& strays) {
  const pid_t own_group = ::getpgrp();
  std::set<pid_t> groups;
  for (const pid_t stray : strays) {
    const pid_t group = ::getpgid(stray);
    if (group > 1 && group != own_group) groups.insert(group);
  }
  for (const pid_t group : groups) ::kill(-group, SIGKILL);
  for (const pid_t stray : strays) ::kill(stray, SIGKILL);
}

// The dead may be missing in /proc. A spared one stays for whoever waits for it, and those behind it for
// later.
void reap_dead(const std::set<pid_t>& spared) {
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    if (info.si_pid == 0 || spared.contains(info.si_pid)) return;
    ::waitpid(info.si_pid, nullptr, 0);
  }
}

}  // namespace

void set_subreaper(bool on) { ::prctl(PR_SET_CHILD_SUBREAPER, on ? 1 : 0); }

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

std::set<pid_t> children() {
  const std::multimap<pid_t, pid_t> processes = processes_by_parent();
  std::set<pid_t> found;
  const auto [begin, end] = processes.equal_range(::getpid());
  for (auto child = begin; child != end; ++child) found.insert(child->second);
  return found;
}

bool kill_strays(const std::set<pid_t>& spared, std::chrono::milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  for (;;) {
    reap_dead(spared);
    if (!has_children()) return true;
    const std::vector<pid_t> strays = strays_below(::getpid(), spared);
    if (strays.empty()) return true;
    kill_all(strays);
    if (steady_clock::now() >= until) return false;
    ::poll(nullptr, 0, 1);  // they need the processor to die
  }
}

}  // namespace zonda
