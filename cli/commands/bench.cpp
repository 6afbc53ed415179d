// zonda bench: measures this installation.
#include "cli/commands/commands.h"
#include "cli/complaint.h"

namespace zonda::cli {

Command bench_command(Environment&) {
  Command command{.name = "bench",
                  .summary = "Measures this installation.",
                  .operands = "",
                  .examples = "zonda bench throughput --tasks 100000"};
  for (const char* name : {"throughput", "latency"}) {
    Command child{
        .name = name, .summary = std::string("Measures ") + name + ".", .operands = "", .examples = ""};
    child.run = [](const std::vector<std::string>&) -> int {
      throw Complaint(ExitCode::Failure, "this build has no benchmark in it");
    };
    command.children.push_back(std::move(child));
  }
  return command;
}

}  // namespace zonda::cli
