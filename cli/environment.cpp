#include "cli/environment.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "command_line/escape.h"

namespace zonda::cli {

bool Environment::color() const {
  const char* no_color = std::getenv("NO_COLOR");
  return err.is_terminal() && (no_color == nullptr || *no_color == '\0');
}

void Environment::say(const std::string& text) {
  err.write("zonda: " + escape_line(text) + "\n");
  err.flush();
}

bool Environment::confirm(const std::string& question) {
  if (common.yes || !err.is_terminal() || isatty(0) != 1) return true;
  err.write(escape_line(question) + " [y/N] ");
  err.flush();
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace zonda::cli
