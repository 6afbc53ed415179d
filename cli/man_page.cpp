#include "cli/man_page.h"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace zonda::cli {
namespace {

// As text of man(7): nothing in it is a request.
std::string plain(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    const bool begins_line = escaped.empty() || escaped.back() == '\n';
    if (begins_line && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '\\')
      escaped += "\\e";
    else if (c == '-')
      escaped += "\\-";
    else
      escaped += c;
  }
  return escaped;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string literal(const std::string& text) { return ".PP\n.nf\n" + plain(text) + "\n.fi\n"; }

std::string options(const std::vector<Option>& all) {
  std::string text;
  for (const Option& option : all) {
    text += ".TP\n";
    if (option.letter != 0) text += "\\fB" + plain(std::string("-") + option.letter) + "\\fR, ";
    text += "\\fB" + plain("--" + option.name) + "\\fR";
    if (!option.value.empty()) text += " \\fI" + plain(option.value) + "\\fR";
    text += "\n" + plain(option.help) + "\n";
  }
  return text;
}

std::string synopsis(const Command& command, const std::string& words) {
  std::string text = "\\fB" + plain(words) + "\\fR";
  if (!command.children.empty()) text += " \\fICOMMAND\\fR";
  text += " [\\fIoptions\\fR]";
  if (!command.operands.empty()) text += " " + plain(command.operands);
  return text + "\n";
}

// What is particular to a command: usage, text, options, examples.
std::string body(const Command& command, const std::string& words) {
  std::string text = plain(command.summary) + "\n.PP\n" + synopsis(command, words);
  if (!command.notes.empty()) text += ".PP\n" + plain(command.notes);
  text += options(command.options);
  if (!command.examples.empty()) text += literal(command.examples);
  return text;
}

void add_children(const Command& command, const std::string& words, std::string& text) {
  for (const Command& child : command.children) {
    const std::string name = words + " " + child.name;
    text += ".SS " + plain(name) + "\n" + body(child, name);
    add_children(child, name, text);
  }
}

std::string head(const std::string& page, const std::string& version, const std::string& summary) {
  std::string what = summary;
  while (!what.empty() && what.back() == '.') what.pop_back();
  return ".TH " + plain(upper(page)) + " 1 \"\" \"" + plain(version) + "\" \"User Commands\"\n.SH NAME\n" +
         plain(page) + " \\- " + plain(what) + "\n";
}

constexpr const char* kEnvironment =
    ".SH ENVIRONMENT\n"
    "Common options, and those of \\fBworker start\\fR and \\fBbroker start\\fR, are also taken from the\n"
    "environment: \\fBZONDA_BROKER\\fR, \\fBZONDA_KEYS\\fR, \\fBZONDA_SLOTS\\fR, \\&...\n"
    "\\fBNO_COLOR\\fR: no colours.\n"
    ".SH FILES\n"
    "\\fI./zonda.toml\\fR, \\fI~/.config/zonda/config.toml\\fR, \\fI/etc/zonda/zonda.toml\\fR: options that "
    "are\nneither given nor in the environment, whoever says them first.\n";

std::string first_page(const Command& root, const std::vector<Option>& common, const std::string& version) {
  std::string text =
      head(root.name, version, root.summary) + ".SH SYNOPSIS\n" + synopsis(root, root.name) +
      ".SH DESCRIPTION\nA broker hands tasks to workers and keeps what they result in. This is "
      "all of it in one program.\n" +
      literal(root.examples) + ".SH COMMANDS\n";
  for (const Command& child : root.children)
    text += ".TP\n\\fB" + plain(root.name + "-" + child.name) + "\\fR(1)\n" + plain(child.summary) + "\n";
  text += ".SH OPTIONS\nOf every command:\n" + options(common) + kEnvironment + ".SH EXIT STATUS\n";
  return text + plain(root.notes);
}

}  // namespace

std::vector<ManPage> man_pages(const Command& root, const std::vector<Option>& common,
                               const std::string& version) {
  std::vector<ManPage> pages{{root.name + ".1", first_page(root, common, version)}};
  for (const Command& command : root.children) {
    const std::string words = root.name + " " + command.name, page = root.name + "-" + command.name;
    std::string text = head(page, version, command.summary) + ".SH SYNOPSIS\n" + synopsis(command, words) +
                       ".SH DESCRIPTION\n" + body(command, words);
    if (!command.children.empty()) text += ".SH COMMANDS\n";
    add_children(command, words, text);
    text += ".SH SEE ALSO\n\\fB" + plain(root.name) + "\\fR(1), with the options of every command\n";
    pages.push_back({page + ".1", text});
  }
  return pages;
}

}  // namespace zonda::cli
