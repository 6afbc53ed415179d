#include "command_line/command.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "command_line/byte_size.h"
#include "command_line/complaint.h"
#include "command_line/duration.h"
#include "command_line/number.h"
#include "command_line/suggestion.h"

namespace zonda::cli {
namespace {

bool parse_switch(const std::string& text, const std::string& what) {
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off" || text.empty()) return false;
  throw Complaint(ExitCode::Usage, what + ": '" + text + "' is neither true nor false");
}

}  // namespace

std::pair<std::string, std::string> split_pair(const std::string& text, const std::string& what) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos || at == 0)
    throw Complaint(ExitCode::Usage, what + ": '" + text + "' is not NAME=VALUE");
  return {text.substr(0, at), text.substr(at + 1)};
}

namespace option {

Option flag(std::string name, char letter, std::string help, bool& target) {
  return {name, letter, "", std::move(help),
          [&target, name](const std::string& value) { target = parse_switch(value, "--" + name); }};
}

Option text(std::string name, char letter, std::string value, std::string help, std::string& target) {
  return {std::move(name), letter, std::move(value), std::move(help),
          [&target](const std::string& given) { target = given; }};
}

Option list(std::string name, std::string value, std::string help, std::vector<std::string>& target) {
  return repeated({std::move(name), 0, std::move(value), std::move(help),
                   [&target](const std::string& given) { target.push_back(given); }});
}

Option number(std::string name, std::string value, std::string help, std::uint64_t& target, std::uint64_t max,
              std::uint64_t min) {
  return {name, 0, std::move(value), std::move(help), [&target, name, max, min](const std::string& given) {
            target = parse_number_within(given, "--" + name, max, min);
          }};
}

Option integer(std::string name, std::string value, std::string help, std::int32_t& target) {
  return {name, 0, std::move(value), std::move(help), [&target, name](const std::string& given) {
            target = parse_number<std::int32_t>(given, "--" + name);
          }};
}

Option duration(std::string name, std::string help, std::chrono::milliseconds& target) {
  return {name, 0, "DURATION", std::move(help),
          [&target, name](const std::string& given) { target = parse_duration(given, "--" + name); }};
}

Option bytes(std::string name, std::string help, std::uint64_t& target) {
  return {name, 0, "BYTES", std::move(help),
          [&target, name](const std::string& given) { target = parse_byte_size(given, "--" + name); }};
}

Option pair(std::string name, std::string help, std::map<std::string, std::string>& target) {
  return repeated({name, 0, "K=V", std::move(help), [&target, name](const std::string& given) {
                     auto [key, value] = split_pair(given, "--" + name);
                     target.insert_or_assign(std::move(key), std::move(value));
                   }});
}

Option amount(std::string name, std::string help, std::map<std::string, double>& target) {
  return repeated({name, 0, "K=N", std::move(help), [&target, name](const std::string& given) {
                     const auto [key, value] = split_pair(given, "--" + name);
                     const double amount = parse_number<double>(value, "--" + name + " " + key);
                     if (!std::isfinite(amount) || amount < 0)
                       throw Complaint(ExitCode::Usage, "--" + name + ": '" + given + "' is not an amount");
                     target.insert_or_assign(key, amount);
                   }});
}

Option choice(std::string name, char letter, std::vector<std::string> choices, std::string help,
              std::string& target) {
  return choice(std::move(name), letter, std::move(choices), std::move(help),
                [&target](const std::string& given) { target = given; });
}

Option choice(std::string name, char letter, std::vector<std::string> choices, std::string help,
              std::function<void(const std::string&)> take) {
  std::string shown;
  for (const std::string& each : choices) shown += (shown.empty() ? "" : "|") + each;
  return {name, letter, shown, std::move(help), [take, name, choices, shown](const std::string& given) {
            if (std::find(choices.begin(), choices.end(), given) == choices.end())
              throw Complaint(ExitCode::Usage, "--" + name + ": '" + given + "' is not one of " + shown,
                              suggestion_hint(given, choices));
            take(given);
          }};
}

Option repeated(Option option) {
  option.repeats = true;
  return option;
}

Option configurable(Option option) {
  option.configurable = true;
  return option;
}

}  // namespace option
}  // namespace zonda::cli
