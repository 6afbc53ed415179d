// A process of this tool that goes on by itself, with a log and a PidFile; and the end of one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

namespace zonda::cli {

enum class LogFile { New, Continued };

// Leaves the terminal: what is said from now on is in the log. Ends the process if that cannot be.
void become_background(const std::string& log, LogFile how);

// Asks whoever holds this PidFile to end, and waits. Returns who that was; nobody if there was none. Throws
// Complaint (timed out) if it takes longer; then it goes on draining.
std::optional<pid_t> end_holder(const std::string& pid_file,
                                std::optional<std::chrono::milliseconds> timeout);

}  // namespace zonda::cli
