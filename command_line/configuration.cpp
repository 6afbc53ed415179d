#include "command_line/configuration.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "command_line/complaint.h"
#include "command_line/suggestion.h"

namespace zonda::cli {
namespace {

void collect_keys(const Command& command, std::vector<std::string>& keys) {
  for (const Option& option : command.options) {
    if (option.configurable && !command.section.empty()) keys.push_back(command.section + "." + option.name);
  }
  for (const Command& child : command.children) collect_keys(child, keys);
}

std::string variable_of(const Option& option) {
  std::string name = "ZONDA_";
  for (const char c : option.name) name += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return name;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

}  // namespace

ConfigurationSources process_configuration(const Parsed& parsed) {
  ConfigurationSources sources;
  sources.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  for (const auto& [option, value] : parsed.given) {
    const bool is_of_these = option->name == "config" && !parsed.command->section.empty();
    if (!is_of_these) continue;
    if (!std::filesystem::exists(value)) throw Complaint(ExitCode::Usage, "cannot read " + value);
    sources.files.insert(sources.files.begin(), value);
  }
  sources.files.emplace_back("./zonda.toml");
  if (const auto config = sources.environment("XDG_CONFIG_HOME"); config && !config->empty())
    sources.files.push_back(*config + "/zonda/config.toml");
  else if (const auto home = sources.environment("HOME"); home && !home->empty())
    sources.files.push_back(*home + "/.config/zonda/config.toml");
  sources.files.emplace_back("/etc/zonda/zonda.toml");
  return sources;
}

Configuration::Configuration(ConfigurationSources sources, const Command& root,
                             const std::vector<Option>& common, std::vector<std::string> foreign)
    : sources_(std::move(sources)), foreign_(std::move(foreign)) {
  std::vector<std::string> known;
  for (const Option& option : common) {
    if (option.configurable) known.push_back(option.name);
  }
  collect_keys(root, known);
  for (const std::string& path : sources_.files) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) read(path, known);
  }
}

void Configuration::read(const std::string& path, const std::vector<std::string>& known) {
  for (auto& [key, values] : read_toml(path)) {
    if (is_foreign(key)) continue;
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw Complaint(ExitCode::Usage, path + ": unknown key '" + key + "'", suggestion_hint(key, known));
    values_.try_emplace(key, std::move(values));  // files come in the order of their weight
  }
}

bool Configuration::is_foreign(const std::string& key) const {
  return std::find(foreign_.begin(), foreign_.end(), key.substr(0, key.find('.'))) != foreign_.end() &&
         key.find('.') != std::string::npos;
}

std::vector<std::string> Configuration::values(const Option& option, const std::string& section) const {
  if (!option.configurable) return {};
  if (const auto value = sources_.environment(variable_of(option)); value && !value->empty())
    return option.repeats ? split(*value) : std::vector<std::string>{*value};
  const auto found = values_.find(section.empty() ? option.name : section + "." + option.name);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

void set_options(const Parsed& parsed, const Configuration& configuration,
                 const std::vector<Option>& common) {
  const auto is_given = [&](const Option& option) {
    return std::any_of(parsed.given.begin(), parsed.given.end(),
                       [&](const auto& each) { return each.first == &option; });
  };
  for (const Option& option : common) {
    if (is_given(option)) continue;
    for (const std::string& value : configuration.values(option, "")) option.set(value);
  }
  for (const Option& option : parsed.command->options) {
    if (is_given(option) || !option.configurable) continue;
    std::vector<std::string> values = configuration.values(option, parsed.command->section);
    for (const Option& each : common) {  // `quiet = true` outside of [worker] is for workers too
      if (values.empty() && each.name == option.name) values = configuration.values(each, "");
    }
    for (const std::string& value : values) option.set(value);
  }
  for (const auto& [option, value] : parsed.given) {
    option->set(value);
    for (const Option& own : parsed.command->options) {  // zonda -q worker start
      if (&own != option && own.name == option->name) own.set(value);
    }
  }
}

}  // namespace zonda::cli
