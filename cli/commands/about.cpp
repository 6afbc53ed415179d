// What the tool tells about itself: zonda version, zonda completion, zonda man.
#include <fstream>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/completion.h"
#include "cli/json.h"
#include "cli/man_page.h"
#include "command_line/complaint.h"
#include "proto/limits.h"

namespace zonda::cli {

Command version_command(Environment& environment) {
  Command command{
      .name = "version", .summary = "Prints the version.", .operands = "", .examples = "zonda version"};
  command.run = [&environment](const std::vector<std::string>&) {
    if (environment.json())
      environment.out.write(to_text(Json{{"schema", "zonda.version/1"},
                                         {"version", ZONDA_VERSION},
                                         {"protocol_min", kProtocolMin},
                                         {"protocol_max", kProtocolMax}}) +
                            "\n");
    else
      environment.out.write("zonda " ZONDA_VERSION "\n");
    return 0;
  };
  return command;
}

Command completion_command(Environment& environment) {
  Command command{.name = "completion",
                  .summary = "Prints a completion script for a shell.",
                  .operands = "bash|zsh|fish",
                  .examples = "eval \"$(zonda completion bash)\"\nzonda completion fish | source",
                  .operands_min = 1,
                  .operands_max = 1};
  command.run = [&environment](const std::vector<std::string>& operands) {
    CommonOptions unused;
    const std::vector<Option> common = common_options(unused);
    const Command root = root_command(environment);
    if (operands[0] == "bash")
      environment.out.write(completion_for_bash(root, common));
    else if (operands[0] == "zsh")
      environment.out.write(completion_for_zsh(root, common));
    else if (operands[0] == "fish")
      environment.out.write(completion_for_fish(root, common));
    else
      throw Complaint(ExitCode::Usage, "no completion for '" + operands[0] + "'", "bash, zsh or fish");
    return 0;
  };
  return command;
}

Command man_command(Environment& environment) {
  auto directory = std::make_shared<std::string>();
  Command command{.name = "man",
                  .summary = "Prints the manual page of a command.",
                  .operands = "[COMMAND]",
                  .examples = "zonda man run | man -l -\nzonda man --to ~/.local/share/man/man1",
                  .operands_max = 1};
  command.options = {option::text("to", 0, "DIR", "write all of them there, as files", *directory)};
  command.run = [&environment, directory](const std::vector<std::string>& operands) {
    CommonOptions unused;
    const std::string wanted = operands.empty() ? "zonda.1" : "zonda-" + operands[0] + ".1";
    bool is_found = false;
    for (const ManPage& page :
         man_pages(root_command(environment), common_options(unused), "zonda " ZONDA_VERSION)) {
      if (!directory->empty() && !(std::ofstream(*directory + "/" + page.name) << page.text << std::flush))
        throw Complaint(ExitCode::Failure, "cannot write " + *directory + "/" + page.name);
      if (directory->empty() && page.name == wanted) environment.out.write(page.text);
      is_found = is_found || page.name == wanted;
    }
    if (!is_found) throw Complaint(ExitCode::NotFound, "there is no command '" + operands[0] + "'");
    return 0;
  };
  return command;
}

}  // namespace zonda::cli
