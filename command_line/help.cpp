#include "command_line/help.h"

#include <algorithm>
#include <sstream>

#include "command_line/escape.h"

namespace zonda::cli {
namespace {

std::string format_option(const Option& option) {
  std::string shown = option.letter != 0 ? std::string("-") + option.letter + ", " : "    ";
  shown += "--" + option.name;
  if (!option.value.empty()) shown += " " + option.value;
  return shown;
}

void append_rows(std::string& text, const std::vector<std::pair<std::string, std::string>>& rows) {
  std::size_t width = 0;
  for (const auto& [left, right] : rows) width = std::max(width, std::min<std::size_t>(columns_of(left), 34));
  for (const auto& [left, right] : rows) {
    const std::size_t used = columns_of(left);
    text +=
        "  " + left + (used > width ? "\n" + std::string(width + 2, ' ') : std::string(width - used, ' '));
    text += "  " + right + "\n";
  }
}

void append_options(std::string& text, const std::string& title, const std::vector<Option>& options) {
  if (options.empty()) return;
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Option& option : options) rows.emplace_back(format_option(option), option.help);
  text += "\n" + title + ":\n";
  append_rows(text, rows);
}

// A command's own option of the same name stands before the common one.
std::vector<Option> without(std::vector<Option> common, const std::vector<Option>& own) {
  std::erase_if(common, [&](const Option& option) {
    return std::any_of(own.begin(), own.end(), [&](const Option& each) { return each.name == option.name; });
  });
  return common;
}

}  // namespace

std::string format_help(const Parsed& parsed, const std::vector<Option>& common) {
  const Command& command = *parsed.command;
  std::string text = command.summary + "\n\n";
  std::istringstream examples(command.examples);
  for (std::string line; std::getline(examples, line);) text += "  " + line + "\n";
  if (!command.examples.empty()) text += "\n";
  text += "usage: " + parsed.program;
  for (const std::string& name : parsed.path) text += " " + name;
  if (!command.children.empty()) text += " COMMAND";
  text += " [options]";
  if (!command.operands.empty()) text += " " + command.operands;
  text += "\n";
  if (!command.notes.empty()) text += "\n" + command.notes;
  if (!command.children.empty()) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Command& child : command.children) rows.emplace_back(child.name, child.summary);
    text += "\ncommands:\n";
    append_rows(text, rows);
  }
  append_options(text, "options", command.options);
  append_options(text, "common options", without(common, command.options));
  return text;
}

}  // namespace zonda::cli
