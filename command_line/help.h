// What --help prints: examples first, then the options.
#pragma once

#include <string>
#include <vector>

#include "command_line/parser.h"

namespace zonda::cli {

std::string format_help(const Parsed& parsed, const std::vector<Option>& common);

}  // namespace zonda::cli
