#include "cli/process_usage.h"

#include <time.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace zonda::cli {

ProcessUsage usage_of(pid_t process) {
  ProcessUsage usage;
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(process, &clock) == 0 && clock_gettime(clock, &used) == 0)
    usage.cpu_seconds = static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
  std::uint64_t pages = 0;
  std::ifstream("/proc/" + std::to_string(process) + "/statm") >> pages >> pages;
  usage.resident_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return usage;
}

}  // namespace zonda::cli
