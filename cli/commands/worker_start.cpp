// zonda worker start.
#include <memory>

#include "cli/commands/commands.h"
#include "cli/daemons.h"

namespace zonda::cli {

Command worker_start_command(Environment& environment) {
  struct Settings {
    WorkerStart start;
    std::string isolation = "process";
    bool no_exec = false;
  };
  auto settings = std::make_shared<Settings>();
  WorkerStart& start = settings->start;
  Command command{.name = "start",
                  .summary = "Runs a worker until SIGTERM, which lets it finish what it runs.",
                  .operands = "",
                  .examples =
                      "zonda worker start --broker tcp://10.0.0.1:5570 --slots 8\n"
                      "zonda worker start --label disk=ssd --resource gpu=2"};
  command.section = "worker";
  const std::vector<Option> options{
      option::number("slots", "N", "tasks at a time; default: one for each processor", start.slots, 100'000),
      option::choice("isolation", 0, {"process", "thread"}, "what tasks run in; default process",
                     settings->isolation),
      option::text("name", 0, "NAME", "unique among workers; default: from host and process", start.name),
      option::list("queue", "NAME", "serve this queue; may be repeated", start.queues),
      option::pair("label", "what tasks may ask for", start.labels),
      option::amount("resource", "what tasks may take a share of", start.resources),
      option::duration("drain-timeout", "how long to finish after SIGTERM; default 30s", start.drain_timeout),
      option::flag("no-exec", 0, "run no commands, only functions", settings->no_exec),
      option::flag("quiet", 0, "log warnings and errors only", start.quiet)};
  for (const Option& option : options) command.options.push_back(option::configurable(option));
  command.run = [&environment, settings](const std::vector<std::string>&) {
    settings->start.broker = environment.common.broker;
    settings->start.threads = settings->isolation == "thread";
    settings->start.serve_exec = !settings->no_exec;
    return start_worker(settings->start);
  };
  return command;
}

}  // namespace zonda::cli
