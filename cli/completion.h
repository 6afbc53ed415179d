// Completion scripts for shells, made from the table of commands.
#pragma once

#include <string>
#include <vector>

#include "command_line/command.h"

namespace zonda::cli {

std::string completion_for_bash(const Command& root, const std::vector<Option>& common);
std::string completion_for_zsh(const Command& root, const std::vector<Option>& common);
std::string completion_for_fish(const Command& root, const std::vector<Option>& common);

}  // namespace zonda::cli
