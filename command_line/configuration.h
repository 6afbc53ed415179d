// Values that were not given as options: from the environment, then from zonda.toml,
// ~/.config/zonda/config.toml and /etc/zonda/zonda.toml, whoever says it first.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "command_line/parser.h"

namespace zonda::cli {

// Where to look; programs fill it in from the process, tests from their own.
struct ConfigurationSources {
  std::function<std::optional<std::string>(const std::string&)> environment;
  std::vector<std::string> files;  // those that do not exist are skipped
};

// A file that was named, with --config, weighs more than those that are found. Throws Complaint (usage).
ConfigurationSources process_configuration(const Parsed& parsed);

class Configuration {
 public:
  // Reads the files. Throws Complaint (usage) for a file that is not TOML and for a key that no command has.
  // `foreign` are sections of other programs, which know their keys.
  Configuration(ConfigurationSources sources, const Command& root, const std::vector<Option>& common,
                std::vector<std::string> foreign = {});

  // What the option is to be set to; empty if nobody says. `section` is empty for common options.
  std::vector<std::string> values(const Option& option, const std::string& section) const;

 private:
  void read(const std::string& path, const std::vector<std::string>& known);
  bool is_foreign(const std::string& key) const;

  ConfigurationSources sources_;
  std::vector<std::string> foreign_;
  std::map<std::string, std::vector<std::string>> values_;  // "broker", "worker.slots"
};

// Sets all options: to what was given, else to what the configuration says. Throws Complaint (usage).
void set_options(const Parsed& parsed, const Configuration& configuration, const std::vector<Option>& common);

// One file's values by key; `_` and `-` in names are the same. Throws Complaint (usage).
std::map<std::string, std::vector<std::string>> read_toml(const std::string& path);

}  // namespace zonda::cli
