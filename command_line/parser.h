// The words of a command line, matched with the table of commands.
//
// Not done by a library: what follows `--` must arrive byte by byte, and the ones at hand give words like
// `[a,b]` and `{}` a meaning of their own.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "command_line/command.h"

namespace zonda::cli {

struct Parsed {
  const Command* command = nullptr;
  std::string program;            // the name of the root: "zonda"
  std::vector<std::string> path;  // {"job", "list"}
  std::vector<std::string> operands;
  std::vector<std::pair<const Option*, std::string>> given;  // in their order
  bool help = false;
};

// `root` and `common`, the options that every command has, must outlive the answer. Throws Complaint (usage).
Parsed parse(const Command& root, const std::vector<Option>& common, const std::vector<std::string>& words);

}  // namespace zonda::cli
