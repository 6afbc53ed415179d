#include "cli/process_usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace zonda::cli {

ProcessUsage usage_of(pid_t process) {
  const std::string place = "/proc/" + std::to_string(process);
  ProcessUsage usage;
  std::string line, word;
  std::getline(std::ifstream(place + "/stat"), line);
  std::istringstream rest(line.substr(line.rfind(')') + 1));
  for (int skipped = 0; skipped < 11; ++skipped) rest >> word;  // utime and stime are the next
  double user = 0, system = 0;
  rest >> user >> system;
  usage.cpu_seconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::uint64_t pages = 0;
  std::ifstream(place + "/statm") >> pages >> pages;
  usage.resident_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return usage;
}

}  // namespace zonda::cli
