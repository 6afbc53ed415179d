#include "command_line/parser.h"

#include "command_line/complaint.h"
#include "command_line/suggestion.h"

namespace zonda::cli {
namespace {

class Parser {
 public:
  Parser(const Command& root, const std::vector<Option>& common, const std::vector<std::string>& words)
      : common_(common), words_(words) {
    parsed_.command = &root;
    parsed_.program = root.name;
  }

  Parsed parse() {
    while (at_ < words_.size()) take(words_[at_++]);
    if (!parsed_.help) check_operands();
    return std::move(parsed_);
  }

 private:
  void take(const std::string& word) {
    if (options_over_ || word.size() < 2 || word[0] != '-') return take_plain(word);
    if (word == "--") {
      options_over_ = true;
    } else if (word == "--help" || word == "-h") {
      parsed_.help = true;
    } else if (word[1] == '-') {
      take_long(word);
    } else if (word[1] >= '0' && word[1] <= '9' && find_letter(word[1]) == nullptr) {
      take_plain(word);  // a negative number
    } else {
      take_letters(word);
    }
  }

  void take_plain(const std::string& word) {
    const bool may_descend = !options_over_ && parsed_.operands.empty();
    if (may_descend && !parsed_.command->children.empty()) return descend(word);
    parsed_.operands.push_back(word);
    if (parsed_.command->takes_command) options_over_ = true;
  }

  void descend(const std::string& word) {
    std::vector<std::string> names;
    for (const Command& child : parsed_.command->children) {
      if (child.name == word) {
        parsed_.command = &child;
        parsed_.path.push_back(word);
        return;
      }
      names.push_back(child.name);
    }
    if (parsed_.command->run) return parsed_.operands.push_back(word);
    const std::string hint = suggestion_hint(word, names);
    throw Complaint(ExitCode::Usage, "unknown command '" + prefix() + word + "'",
                    hint.empty() ? help_call() + " lists the commands" : hint);
  }

  void take_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const Option* option = find([&](const Option& each) { return each.name == name; });
    if (option == nullptr) {
      std::vector<std::string> names{"--help"};
      for_each_option([&](const Option& each) { names.push_back("--" + each.name); });
      refuse("unknown option '--" + name + "'", suggestion_hint("--" + name, names));
    }
    if (equals != std::string::npos) return give(*option, word.substr(equals + 1));
    give(*option, option->value.empty() ? "true" : next_word("--" + name));
  }

  void take_letters(const std::string& word) {
    for (std::size_t at = 1; at < word.size(); ++at) {
      const std::string shown = std::string("-") + word[at];
      const Option* option = find_letter(word[at]);
      if (option == nullptr) refuse("unknown option '" + shown + "'", "");
      if (option->value.empty()) {
        give(*option, "true");
        continue;
      }
      return give(*option, at + 1 < word.size() ? word.substr(at + 1) : next_word(shown));
    }
  }

  void give(const Option& option, std::string value) {
    parsed_.given.emplace_back(&option, std::move(value));
  }

  const std::string& next_word(const std::string& option) {
    if (at_ == words_.size()) refuse("option " + option + " needs a value", "");
    return words_[at_++];
  }

  template <class Visit>
  void for_each_option(Visit&& visit) const {
    for (const Option& option : parsed_.command->options) visit(option);
    for (const Option& option : common_) visit(option);
  }

  template <class Matches>
  const Option* find(Matches&& matches) const {
    const Option* found = nullptr;
    for_each_option([&](const Option& option) {
      if (found == nullptr && matches(option)) found = &option;
    });
    return found;
  }

  const Option* find_letter(char letter) const {
    return find([&](const Option& each) { return each.letter == letter; });
  }

  void check_operands() {
    const Command& command = *parsed_.command;
    if (!command.run) {
      if (parsed_.path.empty()) refuse("no command", "");
      refuse("'" + parsed_.path.back() + "' needs a command after it", "");
    }
    if (parsed_.operands.size() < command.operands_min) refuse("expected " + command.operands, "");
    if (parsed_.operands.size() > command.operands_max)
      refuse("unexpected '" + parsed_.operands[command.operands_max] + "'", "");
  }

  std::string prefix() const {
    std::string text;
    for (const std::string& name : parsed_.path) text += name + " ";
    return text;
  }

  std::string help_call() const { return "'" + parsed_.program + " " + prefix() + "--help'"; }

  [[noreturn]] void refuse(const std::string& what, const std::string& hint) const {
    throw Complaint(ExitCode::Usage, what, hint.empty() ? help_call() + " tells more" : hint);
  }

  const std::vector<Option>& common_;
  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  bool options_over_ = false;
  Parsed parsed_;
};

}  // namespace

Parsed parse(const Command& root, const std::vector<Option>& common, const std::vector<std::string>& words) {
  return Parser(root, common, words).parse();
}

}  // namespace zonda::cli
