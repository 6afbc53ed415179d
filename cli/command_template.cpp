#include "cli/command_template.h"

#include <algorithm>

#include "command_line/escape.h"

namespace zonda::cli {
namespace {

constexpr std::string_view kMark = "{}";

std::string replace_marks(const std::string& word, std::string_view input) {
  std::string filled;
  std::size_t from = 0;
  for (std::size_t at = 0; (at = word.find(kMark, from)) != std::string::npos; from = at + kMark.size()) {
    filled.append(word, from, at - from);
    filled.append(input);
  }
  return filled.append(word, from);
}

std::string join(const std::vector<std::string>& words) {
  std::string script;
  for (const std::string& word : words) script += (script.empty() ? "" : " ") + word;
  return script;
}

}  // namespace

CommandTemplate::CommandTemplate(std::vector<std::string> words, bool shell, WithoutMark without_mark)
    : words_(std::move(words)), shell_(shell) {
  const bool marked = std::any_of(words_.begin(), words_.end(), [](const std::string& word) {
    return word.find(kMark) != std::string::npos;
  });
  if (!marked && without_mark == WithoutMark::AppendInput) words_.emplace_back(kMark);
  if (shell_) words_ = {join(words_)};
}

std::vector<std::string> CommandTemplate::fill(std::string_view input) const {
  const std::string quoted = shell_ ? quote_for_shell(input) : std::string();
  std::vector<std::string> filled;
  filled.reserve(words_.size());
  for (const std::string& word : words_) filled.push_back(replace_marks(word, shell_ ? quoted : input));
  return filled;
}

}  // namespace zonda::cli
