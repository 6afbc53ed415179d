// The command that runs a worker: the options of `zonda worker start`, which programs that are workers have
// as well.
#pragma once

#include <string>

#include "command_line/command.h"
#include "command_line/common_options.h"
#include "worker/executor/handlers.h"

namespace zonda {

inline constexpr std::uint64_t kSlotsMax = 65'536;  // of a worker

// Serves `handlers`. `invocation` is what people type: "zonda worker start". `common` must outlive the
// command, and be set when it runs.
cli::Command worker_command(std::string name, const std::string& invocation, const cli::CommonOptions& common,
                            Handlers handlers);

}  // namespace zonda
