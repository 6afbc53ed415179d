// A command in which `{}` stands for the input of a task.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zonda::cli {

// What becomes of a command without any `{}`.
enum class WithoutMark { AppendInput, LeaveAlone };

class CommandTemplate {
 public:
  // With `shell` the words, joined by spaces, are a script for /bin/sh -c.
  CommandTemplate(std::vector<std::string> words, bool shell, WithoutMark without_mark);

  // The arguments of the command; with `shell` the script as the only one. `{}` is replaced everywhere,
  // as text, or shell-quoted in a script. The input itself is never looked at for `{}`.
  std::vector<std::string> fill(std::string_view input) const;

 private:
  std::vector<std::string> words_;
  bool shell_;
};

}  // namespace zonda::cli
