// What --help prints: examples first, then the options.
#pragma once

#include <string>
#include <vector>

#include "command_line/command.h"

namespace zonda::cli {

std::string format_help(const Command& command, const std::vector<std::string>& path,
                        const std::vector<Option>& common);

}  // namespace zonda::cli
