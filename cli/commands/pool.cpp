// zonda pool: workers that come and go with the work.
#include <algorithm>
#include <chrono>
#include <memory>

#include "cli/broker_link.h"
#include "cli/commands/commands.h"
#include "cli/document.h"
#include "cli/pools/pool_manager.h"
#include "command_line/complaint.h"
#include "command_line/duration.h"
#include "command_line/suggestion.h"
#include "proto/wire/daemon_log.h"

namespace zonda::cli {
namespace {

ListView list_view() {
  return {"zonda.pool.list/1",
          "pools",
          [](const Json& pool) { return text_of(pool, "pool"); },
          {{"POOL"},
           {"LAUNCHER"},
           {"WORKERS", Align::Right},
           {"WANTED", Align::Right},
           {"MIN", Align::Right},
           {"MAX", Align::Right},
           {"TARGET", Align::Right},
           {"MANAGER"},
           {"LAST"}},
          [](const Json& pool) {
            const std::string note = text_of(pool, "note");
            return std::vector<std::string>{text_of(pool, "pool"),
                                            text_of(pool, "launcher"),
                                            text_of(pool, "workers"),
                                            text_of(pool, "wanted"),
                                            text_of(pool, "min"),
                                            text_of(pool, "max"),
                                            format_age(pool.value("target_seconds", 0.0)),
                                            text_of(pool, "manager"),
                                            note.empty() ? text_of(pool, "last_decision") : note};
          }};
}

// What no pool knows is an option of worker start, and there it should be known.
void require_options(Environment& environment, const std::vector<PoolConfig>& pools) {
  std::vector<std::string> known;
  for (const Option& option : worker_start_command(environment).options) known.push_back(option.name);
  for (const char* own : {"name", "join", "quiet"}) std::erase(known, own);
  for (const PoolConfig& pool : pools) {
    for (const std::string& word : pool.options) {
      const std::string name = word.substr(2, word.find('=') - 2);
      if (std::find(known.begin(), known.end(), name) == known.end())
        throw Complaint(ExitCode::Usage, "pool " + pool.name + ": there is no setting '" + name + "'",
                        suggestion_hint(name, known));
    }
  }
}

Command start_command(Environment& environment) {
  struct Settings {
    std::string config;
    std::string state = default_pool_directory();
    bool quiet = false;
  };
  auto settings = std::make_shared<Settings>();
  Command command{.name = "start",
                  .summary = "Manages the pools of a file until SIGTERM: starts workers and drains them.",
                  .operands = "",
                  .examples = "zonda pool start --config pools.toml --broker tcp://10.0.0.1:5570"};
  command.options = {
      option::text("config", 0, "FILE", "what pools there are: a section for each; default pools.toml",
                   settings->config),
      option::text("state", 0, "DIR", "what it remembers; default ~/.local/state/zonda/pools",
                   settings->state),
      option::configurable(option::flag("quiet", 'q', "log warnings and errors only", settings->quiet))};
  command.notes = "Workers go on when it ends, and it finds them again.\n";
  command.run = [&environment, settings](const std::vector<std::string>&) {
    const std::vector<PoolConfig> pools =
        read_pools(settings->config.empty() ? "pools.toml" : settings->config);
    require_options(environment, pools);
    begin_daemon_log("pools", settings->quiet);
    return PoolManager(environment, pools, settings->state).run();
  };
  return command;
}

Command list_command(Environment& environment) {
  Command command{.name = "list",
                  .summary = "Lists the pools: how many workers each has, and why.",
                  .operands = "",
                  .examples = "zonda pool list\nzonda pool list -o json"};
  command.run = [&environment](const std::vector<std::string>&) {
    print_list(environment, list_view(), BrokerLink(environment).ask_list("pool.list"));
    return 0;
  };
  return command;
}

}  // namespace

Command pool_command(Environment& environment) {
  Command command{.name = "pool",
                  .summary = "Workers that come and go with the work: runs and lists pools of them.",
                  .operands = "",
                  .examples = "zonda pool start --config pools.toml\nzonda pool list"};
  command.children = {start_command(environment), list_command(environment)};
  return command;
}

}  // namespace zonda::cli
