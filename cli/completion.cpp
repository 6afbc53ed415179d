#include "cli/completion.h"

#include <functional>

namespace zonda::cli {
namespace {

using Path = std::vector<std::string>;

void for_each_command(const Command& command, Path& path,
                      const std::function<void(const Command&, const Path&)>& visit) {
  visit(command, path);
  for (const Command& child : command.children) {
    path.push_back(child.name);
    for_each_command(child, path, visit);
    path.pop_back();
  }
}

std::string join(const Path& path) {
  std::string text;
  for (const std::string& name : path) text += (text.empty() ? "" : " ") + name;
  return text;
}

// All that can follow a command, as words.
std::string words_after(const Command& command, const std::vector<Option>& common) {
  std::string words;
  for (const Command& child : command.children) words += child.name + " ";
  for (const Option& option : command.options) words += "--" + option.name + " ";
  for (const Option& option : common) words += "--" + option.name + " ";
  return words + "--help";
}

// The body of a shell `case` over the command typed so far.
std::string cases(const Command& root, const std::vector<Option>& common) {
  std::string text;
  Path path;
  for_each_command(root, path, [&](const Command& command, const Path& at) {
    text += "    \"" + join(at) + "\") words=\"" + words_after(command, common) + "\" ;;\n";
  });
  return text;
}

std::string quote_for_fish(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return quoted + "'";
}

}  // namespace

// The words that are commands, without options and their values, name the place in the table.
std::string completion_for_bash(const Command& root, const std::vector<Option>& common) {
  return "# zonda completion for bash: eval \"$(zonda completion bash)\"\n"
         "_zonda() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" path= word words\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    [[ $word == -- ]] && { COMPREPLY=($(compgen -c -f -- \"$current\")); return; }\n"
         "    [[ $word == -* || ! $word =~ ^[a-z]+$ ]] && continue\n"
         "    case \" $(_zonda_words \"$path\") \" in *\" $word \"*) path=\"${path:+$path }$word\" ;; esac\n"
         "  done\n"
         "  words=\"$(_zonda_words \"$path\")\"\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "_zonda_words() {\n"
         "  local words=\n"
         "  case \"$1\" in\n" +
         cases(root, common) +
         "  esac\n"
         "  echo \"$words\"\n"
         "}\n"
         "complete -o default -F _zonda zonda\n";
}

std::string completion_for_zsh(const Command& root, const std::vector<Option>& common) {
  return "#compdef zonda\n"
         "# zonda completion for zsh: eval \"$(zonda completion zsh)\"\n"
         "_zonda_words() {\n"
         "  local words=\n"
         "  case \"$1\" in\n" +
         cases(root, common) +
         "  esac\n"
         "  echo \"$words\"\n"
         "}\n"
         "_zonda() {\n"
         "  local at=\"\" word\n"
         "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
         "    [[ $word == -- ]] && { _normal; return }\n"
         "    [[ $word == -* ]] && continue\n"
         "    [[ \" $(_zonda_words \"$at\") \" == *\" $word \"* ]] && at=\"${at:+$at }$word\"\n"
         "  done\n"
         "  compadd -- ${=\"$(_zonda_words \"$at\")\"} || _files\n"
         "}\n"
         "compdef _zonda zonda\n";
}

std::string completion_for_fish(const Command& root, const std::vector<Option>& common) {
  std::string text = "# zonda completion for fish: zonda completion fish | source\n";
  Path path;
  for_each_command(root, path, [&](const Command& command, const Path& at) {
    std::string condition = at.empty() ? "__fish_use_subcommand" : "";
    for (const std::string& name : at)
      condition += (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + name);
    const std::string head = "complete -c zonda -n " + quote_for_fish(condition);
    for (const Command& child : command.children)
      text += head + " -f -a " + child.name + " -d " + quote_for_fish(child.summary) + "\n";
    for (const Option& option : command.options) {
      text += head + " -l " + option.name;
      if (option.letter != 0) text += std::string(" -s ") + option.letter;
      text += (option.value.empty() ? "" : " -r") + (" -d " + quote_for_fish(option.help)) + "\n";
    }
  });
  for (const Option& option : common)
    text += "complete -c zonda -l " + option.name + " -d " + quote_for_fish(option.help) + "\n";
  return text;
}

}  // namespace zonda::cli
