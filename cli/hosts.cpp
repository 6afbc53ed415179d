#include "cli/hosts.h"

#include <algorithm>
#include <sstream>

#include "command_line/complaint.h"
#include "command_line/configuration.h"

namespace zonda::cli {
namespace {

using Values = std::map<std::string, std::vector<std::string>>;

std::string take(Values& values, const std::string& key, const std::string& otherwise) {
  const auto found = values.find(key);
  if (found == values.end()) return otherwise;
  const std::string value = found->second.empty() ? otherwise : found->second.front();
  values.erase(found);
  return value;
}

// Or ssh would take it for an option.
void require_name(const std::string& name) {
  if (name.empty() || name.front() == '-')
    throw Complaint(ExitCode::Usage, "'" + name + "' is no name of a host");
}

// Its table, as files are read here: `_` and `-` are the same.
std::string section_of(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

// What is left with this prefix, as options; what `host` says for itself weighs more.
std::vector<std::string> options_of(const Values& values, const std::string& host) {
  Values merged;
  for (const auto& [key, list] : values) {
    if (key.find('.') == std::string::npos) merged[key] = list;
  }
  for (const auto& [key, list] : values) {
    const std::size_t dot = key.rfind('.');
    if (dot != std::string::npos && key.substr(0, dot) == host) merged[key.substr(dot + 1)] = list;
  }
  std::vector<std::string> options;
  for (const auto& [key, list] : merged) {
    for (const std::string& value : list) options.insert(options.end(), {"--" + key + "=" + value});
  }
  return options;
}

Hosts read_hosts(const std::string& path) {
  Values values = read_toml(path);
  Hosts hosts;
  hosts.broker = take(values, "broker", "");
  hosts.keys = take(values, "keys", "");
  hosts.ssh = words_of(take(values, "ssh", "ssh"));
  hosts.directory = take(values, "directory", hosts.directory);
  const auto names = values.extract("hosts");
  if (names.empty())
    throw Complaint(ExitCode::Usage, path + ": no 'hosts'", "hosts = [\"lab-7\", \"lab-8\"]");
  if (values.contains("join"))
    throw Complaint(ExitCode::Usage, path + ": a join token would be seen by others on its way to the hosts",
                    "keys = \"worker.key\" copies a key");
  for (const std::string& name : names.mapped()) {
    require_name(name);
    const std::string directory = take(values, section_of(name) + ".directory", hosts.directory);
    hosts.all.push_back({name, directory, {}});
  }
  for (const auto& [key, list] : values) {
    const std::size_t dot = key.rfind('.');
    const std::string host = dot == std::string::npos ? "" : key.substr(0, dot);
    const auto is_it = [&](const std::string& name) { return section_of(name) == host; };
    if (!host.empty() && std::none_of(names.mapped().begin(), names.mapped().end(), is_it))
      throw Complaint(ExitCode::Usage, path + ": [" + host + "] is none of 'hosts'");
  }
  for (Host& host : hosts.all) host.options = options_of(values, section_of(host.name));
  return hosts;
}

}  // namespace

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

Hosts parse_hosts(const std::vector<std::string>& operands) {
  if (operands.size() == 1 && operands.front().ends_with(".toml")) return read_hosts(operands.front());
  Hosts hosts;
  for (const std::string& name : operands) {
    require_name(name);
    hosts.all.push_back({name, hosts.directory, {}});
  }
  return hosts;
}

}  // namespace zonda::cli
