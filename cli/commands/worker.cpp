// zonda worker: who does the work.
#include <memory>

#include "cli/broker_link.h"
#include "cli/commands/commands.h"
#include "cli/targets.h"
#include "cli/views.h"

namespace zonda::cli {
namespace {

Command list_command(Environment& environment) {
  Command command{.name = "list",
                  .summary = "Lists the workers.",
                  .operands = "",
                  .examples = "zonda worker list\nzonda worker list -q"};
  command.run = [&environment](const std::vector<std::string>&) {
    Json workers = BrokerLink(environment).ask_list("worker.list");
    for (Json& worker : workers) finish_worker(worker);
    print_list(environment, worker_list_view(), workers);
    return 0;
  };
  return command;
}

Command info_command(Environment& environment) {
  Command command{.name = "info",
                  .summary = "Tells all about workers, with the functions they serve.",
                  .operands = "WORKER…",
                  .examples = "zonda worker info $(hostname)-1",
                  .operands_min = 1,
                  .operands_max = kManyOperands};
  command.run = [&environment](const std::vector<std::string>& names) {
    BrokerLink link(environment);
    Json workers = Json::array();
    const ExitCode code = for_each_target(environment, names, [&](const std::string& name) {
      for (Json& worker : link.ask_list("worker.info", {{"worker", name}})) {
        finish_worker(worker);
        workers.push_back(std::move(worker));
      }
    });
    if (names.size() == 1 && !workers.empty())
      print_thing(environment, worker_info_view(), workers.front());
    else
      print_list(environment, worker_list_view(), workers);
    return to_int(code);
  };
  return command;
}

Command order_command(Environment& environment, const std::string& name, const std::string& summary) {
  Command command{.name = name,
                  .summary = summary,
                  .operands = "WORKER…",
                  .examples = "zonda worker " + name + " w1 w2",
                  .operands_min = 1,
                  .operands_max = kManyOperands};
  command.run = [&environment, name](const std::vector<std::string>& names) {
    BrokerLink link(environment);
    Json workers = Json::array();
    const ExitCode code = for_each_target(environment, names, [&](const std::string& worker) {
      link.ask("worker." + name, {{"worker", worker}});
      workers.push_back({{"worker", worker}, {"state", "draining"}});
    });
    print_list(environment,
               {"zonda.worker." + name + "/1",
                "workers",
                [](const Json& worker) { return text_of(worker, "worker"); },
                {{"WORKER"}, {"STATE"}},
                [](const Json& worker) {
                  return std::vector<std::string>{text_of(worker, "worker"), text_of(worker, "state")};
                }},
               workers);
    return to_int(code);
  };
  return command;
}

}  // namespace

Command worker_command(Environment& environment) {
  Command command{.name = "worker",
                  .summary = "Starts, lists, drains and stops workers.",
                  .operands = "",
                  .examples = "zonda worker start --broker tcp://10.0.0.1:5570\nzonda worker list"};
  command.children = {
      worker_start_command(environment), list_command(environment), info_command(environment),
      order_command(environment, "drain", "Has workers finish what they run and leave."),
      order_command(environment, "stop", "Has workers stop; what has not begun runs elsewhere.")};
  return command;
}

}  // namespace zonda::cli
