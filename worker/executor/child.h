// The main program of an executor child. The agent starts its own binary again; see
// docs/executor-protocol.md.
#pragma once

#include <optional>

#include "worker/executor/handlers.h"

namespace zonda {

// What an agent passes, followed by its pid: `--zonda-executor-child=PID`.
inline constexpr const char* kChildArgument = "--zonda-executor-child=";
inline constexpr int kChildSocket = 3;  // where it finds its end of the socket
inline constexpr int kChildPage = 4;    // and the memfd of its SlotPage

// If this process was started as an executor child: serves `handlers` until the agent closes the socket and
// returns the exit code for main(). Empty otherwise. Call it first thing in main(), before threads start.
std::optional<int> run_as_child(int argc, char** argv, const Handlers& handlers);

}  // namespace zonda
