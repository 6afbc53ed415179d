// zonda worker start.
#include "cli/commands/commands.h"
#include "cli/daemons.h"
#include "worker/worker_command.h"

namespace zonda::cli {

Command worker_start_command(Environment& environment) {
  return zonda::worker_command("start", "zonda worker start", environment.common, served_functions());
}

}  // namespace zonda::cli
