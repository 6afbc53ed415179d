// Manual pages, made from the table of commands: zonda(1), and one for each command, zonda-run(1).
#pragma once

#include <string>
#include <vector>

#include "command_line/command.h"

namespace zonda::cli {

struct ManPage {
  std::string name;  // "zonda-run.1"
  std::string text;  // for man(7)
};

// `version`: "zonda 0.1.0".
std::vector<ManPage> man_pages(const Command& root, const std::vector<Option>& common,
                               const std::string& version);

}  // namespace zonda::cli
