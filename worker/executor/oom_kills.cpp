#include "worker/executor/oom_kills.h"

#include <fstream>
#include <string>

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

}  // namespace zonda
