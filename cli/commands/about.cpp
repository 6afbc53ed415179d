// zonda version, zonda completion, zonda bench.
#include <memory>

#include "cli/commands/commands.h"
#include "cli/completion.h"
#include "cli/json.h"
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

}  // namespace zonda::cli
