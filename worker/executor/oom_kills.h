// How often this host's kernel has killed a process for want of memory.
#pragma once

#include <cstdint>

namespace zonda {

// Counts all processes of the host since boot, so a rise is a hint and no proof. 0 where the kernel does not
// say.
std::uint64_t count_oom_kills();

}  // namespace zonda
