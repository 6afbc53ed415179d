// The tool as a whole: all commands.
#include "cli/commands/commands.h"

namespace zonda::cli {

Command root_command(Environment& environment) {
  Command root{.name = "zonda",
               .summary = "Runs commands and typed functions on many machines.",
               .operands = "",
               .examples =
                   "zonda up --workers 2 -d\n"
                   "zonda run -- echo hello\n"
                   "ls *.wav | zonda map -- flac --silent {}\n"
                   "zonda status"};
  root.children = {
      up_command(environment),         down_command(environment),   run_command(environment),
      map_command(environment),        submit_command(environment), call_command(environment),
      job_command(environment),        task_command(environment),   worker_command(environment),
      broker_command(environment),     status_command(environment), check_command(environment),
      keys_command(environment),       deploy_command(environment), agent_command(environment),
      pool_command(environment),       scale_command(environment),  bench_command(environment),
      completion_command(environment), man_command(environment),    version_command(environment)};
  root.notes =
      "exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 refused, 5 not authorised, 6 broker "
      "unreachable,\n"
      "  7 timed out, 8 tasks failed, 9 cancelled, 10 some of several targets failed, 130/143 interrupted\n";
  return root;
}

}  // namespace zonda::cli
