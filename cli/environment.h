// What every command gets: where to write, and the common options.
#pragma once

#include <string>

#include "cli/sink.h"
#include "command_line/common_options.h"

namespace zonda::cli {

struct Environment {
  CommonOptions common;
  Sink out{1};
  Sink err{2};

  bool json() const { return common.json(); }
  bool ids() const { return common.ids(); }
  bool color() const;  // on stderr

  // "zonda: …" on stderr, at once.
  void say(const std::string& text);
  // Asks on the terminal before something is destroyed; without a terminal, or with --yes, nobody is asked.
  bool confirm(const std::string& question);
};

}  // namespace zonda::cli
