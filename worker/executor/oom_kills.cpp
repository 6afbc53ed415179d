#include "worker/executor/oom_kills.h"

#include <signal.h>

#include <fstream>

namespace zonda {

std::uint64_t count_oom_kills() {
  std::ifstream file("/proc/vmstat");
  std::string name;
  std::uint64_t value = 0;
  while (file >> name >> value) {
    if (name == "oom_kill") return value;
  }
  return 0;
}

std::string OomWatch::hint_for(int signal) {
  if (signal != SIGKILL) return {};
  const std::uint64_t now = count_oom_kills();
  return now > seen_.exchange(now) ? ", perhaps out of memory" : "";
}

}  // namespace zonda
