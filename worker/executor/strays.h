// Processes that a task started and left behind, whatever group or session they moved to: who is a subreaper
// becomes the parent of those below it whose own parent ended, so they can be found and killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <set>

namespace zonda {

// From now on orphans below this process are its children, or are not.
void set_subreaper(bool on);
bool has_children();         // of this process, dead ones that were not reaped included; one system call
std::set<pid_t> children();  // of this process

// SIGKILL to everything below this process but `spared` children of it and what is below those, again and
// again until nothing is left or the time is over; a task may start processes while others are killed. True
// if nothing is left. Reaps what it killed.
bool kill_strays(const std::set<pid_t>& spared, std::chrono::milliseconds patience);

}  // namespace zonda
