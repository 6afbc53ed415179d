#include "worker/worker_command.h"

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <utility>

#include "command_line/complaint.h"
#include "proto/keys/private_file.h"
#include "proto/wire/address.h"
#include "worker/executor/exec_function.h"
#include "worker/worker_main.h"

namespace zonda {
namespace {

namespace option = cli::option;

struct WorkerOptions {
  WorkerSettings settings;
  bool no_exec = false;  // serves functions only, no commands
};

std::vector<cli::Option> options_into(WorkerOptions& options) {
  WorkerSettings& settings = options.settings;
  std::vector<cli::Option> table{
      option::number("slots", "N", "tasks at a time; default: one for each processor", settings.slots,
                     kSlotsMax, 1),
      option::choice("isolation", 0, {"process", "thread"}, "what tasks run in; default process",
                     [&settings](const std::string& given) {
                       settings.isolation = given == "thread" ? Isolation::Thread : Isolation::Process;
                     }),
      option::text("join", 0, "TOKEN", "join token: get a key of its own with it, unless it has one",
                   settings.join),
      option::text("name", 0, "NAME", "unique among workers; default: from host and process", settings.name),
      option::list("queue", "NAME", "serve this queue; may be repeated", settings.queues),
      option::pair("label", "what tasks may ask for", settings.labels),
      option::amount("resource", "what tasks may take a share of", settings.resources),
      option::duration("drain-timeout", "how long to finish after SIGTERM; default 30s",
                       settings.drain_timeout),
      option::duration("orphan-timeout", "leave after so long without a broker; default 10m, 0: never",
                       settings.orphan_timeout),
      option::duration("idle-timeout", "leave after so long without a task; default 0: never",
                       settings.idle_timeout),
      option::text("spool", 0, "DIR", "where outcomes wait for the broker; default ~/.local/state/zonda",
                   settings.spool),
      option::bytes("spool-max", "disk space for them; default 4GiB, 0: none", settings.spool_max),
      option::flag("no-exec", 0, "run no commands, only functions", options.no_exec),
      option::flag("quiet", 'q', "log warnings and errors only", settings.quiet)};
  for (cli::Option& each : table) each.configurable = true;
  return table;
}

Handlers without_exec(const Handlers& handlers) {
  Handlers functions;
  for (const detail::Handler& handler : handlers.all()) {
    if (handler.name != kExecName) functions.add(handler);
  }
  return functions;
}

void require_address(const std::string& broker) try {
  require_connectable(parse_addresses(broker).front());
} catch (const std::invalid_argument& error) {
  throw cli::Complaint(cli::ExitCode::Usage, error.what(), cli::kAddressHint);
}

}  // namespace

cli::Command worker_command(std::string name, const std::string& invocation, const cli::CommonOptions& common,
                            Handlers handlers) {
  const auto options = std::make_shared<WorkerOptions>();
  cli::Command command{.name = std::move(name),
                       .summary = "Runs a worker until SIGTERM, which lets it finish what it runs.",
                       .operands = "",
                       .examples = invocation + " --broker tcp://10.0.0.1:5570 --slots 8\n" + invocation +
                                   " --label disk=ssd --resource gpu=2"};
  command.section = "worker";
  command.options = options_into(*options);
  command.run = [options, &common, handlers = std::move(handlers)](const std::vector<std::string>&) {
    options->settings.broker = common.broker;
    options->settings.keys = common.keys;
    if (!common.broker.empty()) require_address(common.broker);
    unsetenv("ZONDA_JOIN");  // none of the tasks' business
    try {
      return run_worker(options->settings, options->no_exec ? without_exec(handlers) : handlers);
    } catch (const KeyFileError& error) {
      throw cli::Complaint(cli::ExitCode::Usage, error.what(), error.hint);
    } catch (const std::invalid_argument& error) {
      throw cli::Complaint(cli::ExitCode::Usage, error.what());
    }
  };
  return command;
}

}  // namespace zonda
