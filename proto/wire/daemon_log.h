// What a program that runs by itself tells: on stderr a line for each event, with the time and how serious it
// is.
#pragma once

#include <string>

namespace zonda {

// For the whole process, from now on. `quiet`: warnings and errors only.
void begin_daemon_log(const std::string& name, bool quiet);

}  // namespace zonda
