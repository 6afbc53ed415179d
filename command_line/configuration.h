// Values that were not given as options: from the environment, then from zonda.toml,
// ~/.config/zonda/config.toml and /etc/zonda/zonda.toml, whoever says it first.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "command_line/command.h"

namespace zonda::cli {

// Where to look; main fills it in from the process, tests from their own.
struct ConfigurationSources {
  std::function<std::optional<std::string>(const std::string&)> environment;
  std::vector<std::string> files;  // those that do not exist are skipped
};

ConfigurationSources process_configuration();

class Configuration {
 public:
  // Reads the files. Throws Complaint (usage) for a file that is not TOML and for a key that no command has.
  Configuration(ConfigurationSources sources, const Command& root, const std::vector<Option>& common);

  // What the option is to be set to; empty if nobody says. `section` is empty for common options.
  std::vector<std::string> values(const Option& option, const std::string& section) const;

 private:
  void read(const std::string& path, const std::vector<std::string>& known);

  ConfigurationSources sources_;
  std::map<std::string, std::vector<std::string>> values_;  // "broker", "worker.slots"
};

// One file's values by key; `_` and `-` in names are the same. Throws Complaint (usage).
std::map<std::string, std::vector<std::string>> read_toml(const std::string& path);

}  // namespace zonda::cli
