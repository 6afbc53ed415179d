// What a running process has used, from /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace zonda::cli {

struct ProcessUsage {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
};

ProcessUsage usage_of(pid_t process);  // zeros if it is gone

}  // namespace zonda::cli
