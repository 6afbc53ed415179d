// The only place that knows TOML.
#include <toml++/toml.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "command_line/complaint.h"
#include "command_line/configuration.h"

namespace zonda::cli {
namespace {

std::string normal_name(std::string_view name) {
  std::string normal(name);
  std::replace(normal.begin(), normal.end(), '_', '-');
  return normal;
}

std::string scalar_text(const toml::node& node, const std::string& path, const std::string& key) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  if (const auto* real = node.as_floating_point()) {
    std::ostringstream text;
    text << real->get();
    return text.str();
  }
  throw Complaint(ExitCode::Usage, path + ": '" + key + "' has a value of a kind that is not used here");
}

using Values = std::map<std::string, std::vector<std::string>>;

void collect(const toml::table& table, const std::string& prefix, const std::string& path, Values& values) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + normal_name(name.str());
    if (const auto* inner = node.as_table(); inner != nullptr && prefix.empty()) {
      collect(*inner, key + ".", path, values);
    } else if (inner != nullptr) {  // label = { disk = "ssd" }
      for (const auto& [part, value] : *inner)
        values[key].push_back(std::string(part.str()) + "=" + scalar_text(value, path, key));
    } else if (const auto* list = node.as_array()) {
      for (const toml::node& value : *list) values[key].push_back(scalar_text(value, path, key));
    } else {
      values[key] = {scalar_text(node, path, key)};
    }
  }
}

}  // namespace

Values read_toml(const std::string& path) {
  Values values;
  if (std::ifstream file(path); !file)
    throw Complaint(ExitCode::Usage, "cannot read " + path + ": " + std::strerror(errno));
  try {
    collect(toml::parse_file(path), "", path, values);
  } catch (const toml::parse_error& error) {
    throw Complaint(ExitCode::Usage, path + ":" + std::to_string(error.source().begin.line) + ": " +
                                         std::string(error.description()));
  }
  return values;
}

}  // namespace zonda::cli
