// How often this host's kernel has killed a process for want of memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace zonda {

// Counts all processes of the host since boot, so a rise is a hint and no proof. 0 where the kernel does not
// say.
std::uint64_t count_oom_kills();

// Thread-safe.
class OomWatch {
 public:
  // What a report may add about a process that ended by this signal: ", perhaps out of memory" if it was
  // killed and the count has risen since the last look; else nothing.
  std::string hint_for(int signal);

 private:
  std::atomic<std::uint64_t> seen_{count_oom_kills()};
};

}  // namespace zonda
