// zonda broker start.
#include <filesystem>
#include <memory>

#include "broker/http/http_server.h"
#include "cli/commands/commands.h"
#include "cli/daemons.h"
#include "command_line/common_options.h"
#include "command_line/complaint.h"
#include "proto/wire/address.h"

namespace zonda::cli {
namespace {

void require_bindable_list(const std::string& addresses) try {
  for (const BaseAddress& address : parse_addresses(addresses)) require_bindable(address);
} catch (const std::invalid_argument& error) {
  throw Complaint(ExitCode::Usage, error.what(), kAddressHint);
}

void require_http_address(const std::string& text) try {
  if (!text.empty() && text != "off") parse_http_address(text);
} catch (const std::invalid_argument& error) {
  throw Complaint(ExitCode::Usage, std::string("--http: ") + error.what());
}

}  // namespace

Command broker_command(Environment& environment) {
  struct Settings {
    BrokerStart start;
    bool memory = false;
    std::string config;
  };
  auto settings = std::make_shared<Settings>();
  Command start{.name = "start",
                .summary = "Runs a broker until SIGTERM.",
                .operands = "",
                .examples =
                    "zonda broker start --data /var/lib/zonda\n"
                    "zonda broker start --memory\n"
                    "zonda broker start --memory --bind tcp://127.0.0.1:6570\n"
                    "zonda broker start --data /var/lib/zonda --bind 'tcp://*:5570' --keys /etc/zonda/keys"};
  start.section = "broker";
  start.options = {
      option::configurable(option::text("bind", 0, "ADDR", "where to listen; default tcp://127.0.0.1:5570",
                                        settings->start.bind)),
      option::configurable(
          option::text("data", 0, "DIR", "keep everything in this directory", settings->start.data)),
      option::configurable(
          option::flag("memory", 0, "keep nothing: a restart forgets all", settings->memory)),
      option::flag("init", 0, "make a store in a directory that is there already", settings->start.init),
      option::configurable(option::choice("durability", 0, {"fsync", "batch"},
                                          "accepted means: on disk, or so within 50 ms; default fsync",
                                          settings->start.durability)),
      option::flag("insecure", 0, "listen on other than this machine, though nobody must show a key",
                   settings->start.insecure),
      option::configurable(option::text(
          "http", 0, "ADDR|off", "metrics and status over HTTP; default 127.0.0.1, ten ports above --bind's",
          settings->start.http)),
      option::configurable(option::repeated(option::list(
          "http-name", "NAME", "a host name by which HTTP may be asked", settings->start.http_names))),
      option::configurable(option::flag("quiet", 'q', "log warnings and errors only", settings->start.quiet)),
      option::text("config", 0, "FILE", "read this file before the usual ones", settings->config)};
  start.run = [&environment, settings](const std::vector<std::string>&) {
    if (environment.common.broker_given)
      throw Complaint(ExitCode::Usage, "--broker names a broker that runs",
                      "--bind ADDR says where this one listens");
    if (!settings->start.data.empty() && settings->memory)
      throw Complaint(ExitCode::Usage, "--data and --memory are two ways to keep tasks: choose one");
    if (settings->start.data.empty() && !settings->memory)
      throw Complaint(ExitCode::Usage, "a broker needs either --data DIR or --memory",
                      "--data DIR keeps everything; --memory forgets all at a restart");
    require_bindable_list(settings->start.bind);
    require_http_address(settings->start.http);
    settings->start.keys = environment.common.keys;
    if (const std::string& keys = settings->start.keys;
        !keys.empty() && !std::filesystem::exists(keys + "/broker.key"))
      throw Complaint(ExitCode::Usage, "there are no keys of a broker in " + keys,
                      std::filesystem::is_regular_file(keys)
                          ? "a broker needs the directory that 'zonda keys init' made"
                          : "'zonda keys init --keys " + keys + "' makes them");
    return start_broker(settings->start);
  };
  Command command{.name = "broker",
                  .summary = "Starts a broker, and looks after its store.",
                  .operands = "",
                  .examples = "zonda broker start --memory"};
  command.children = {start, broker_verify_command(environment), broker_backup_command(environment),
                      broker_salvage_command(environment)};
  return command;
}

}  // namespace zonda::cli
