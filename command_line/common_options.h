// The options that every command has.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "command_line/command.h"

namespace zonda::cli {

struct CommonOptions {
  std::string broker;         // empty: the default address
  bool broker_given = false;  // on the command line, not by the environment or a file
  std::string keys;           // file of a key, or directory; empty: none
  bool keys_given = false;    // on the command line
  std::string output = "table";
  bool ids_only = false;
  std::chrono::milliseconds connect_timeout{5000};
  bool yes = false;

  bool json() const { return output == "json" || output == "jsonl"; }
  bool ids() const { return ids_only || output == "id"; }
};

std::vector<Option> common_options(CommonOptions& options);  // `options` must live as long as they do

inline constexpr const char* kAddressHint = "an address is tcp://host:5570 or ipc:///directory";

// The mode of complaints about a command line that could not even be read.
bool asks_for_json(const std::vector<std::string>& words);

}  // namespace zonda::cli
