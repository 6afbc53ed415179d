// Whether a process of ours has opened the broker's address: what answers there may be somebody else's.
#pragma once

#include <sys/types.h>

#include <string>

namespace zonda::cli {

// True if the process listens on the clients' port of this address, or if /proc does not tell.
bool listens(pid_t pid, const std::string& address);

}  // namespace zonda::cli
