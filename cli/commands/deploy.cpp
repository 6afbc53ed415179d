// zonda deploy: workers on other machines.
#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <semaphore>

#include "cli/commands/commands.h"
#include "cli/deployment.h"
#include "cli/document.h"
#include "cli/remote_host.h"
#include "command_line/complaint.h"
#include "command_line/duration.h"
#include "proto/keys/private_file.h"

namespace zonda::cli {
namespace {

constexpr std::ptrdiff_t kAtOnce = 16;  // hosts

struct Settings {
  std::string ssh;
  std::string directory;
  std::uint64_t slots = 0;
  std::chrono::milliseconds timeout = std::chrono::minutes(10);
};

ListView view(const std::string& order) {
  return {"zonda.deploy." + order + "/1",
          "hosts",
          [](const Json& host) { return text_of(host, "host"); },
          {{"HOST"}, {"STATE"}, {"PID", Align::Right}, {"DETAIL"}},
          [](const Json& host) {
            return std::vector<std::string>{text_of(host, "host"), text_of(host, "state"),
                                            text_of(host, "pid"), text_of(host, "detail")};
          }};
}

Hosts hosts_of(const std::vector<std::string>& operands, const Settings& settings) {
  Hosts hosts = parse_hosts(operands);
  if (!settings.ssh.empty()) hosts.ssh = words_of(settings.ssh);
  for (Host& host : hosts.all) {
    if (!settings.directory.empty()) host.directory = settings.directory;
    if (settings.slots > 0) host.options.push_back("--slots=" + std::to_string(settings.slots));
  }
  if (hosts.ssh.empty()) throw Complaint(ExitCode::Usage, "--ssh names no program");
  return hosts;
}

// One of those that go on at once.
class Turn {
 public:
  explicit Turn(std::counting_semaphore<>& room) : room_(room) { room_.acquire(); }
  ~Turn() { room_.release(); }
  Turn(const Turn&) = delete;

 private:
  std::counting_semaphore<>& room_;
};

// Does it on all hosts, some at once, and prints how it went. One that fails is no reason for the others to,
// unless it is done to one after the other, so that not all are lost.
int on_all(Environment& environment, const std::string& order, const Hosts& hosts, std::ptrdiff_t at_once,
           const std::function<Json(const RemoteHost&)>& act) {
  std::counting_semaphore<> room(at_once);
  std::atomic<bool> is_broken = false;
  std::vector<std::future<Json>> answers;
  for (const Host& each : hosts.all) {
    const std::launch when = at_once == 1 ? std::launch::deferred : std::launch::async;
    answers.push_back(std::async(when, [&room, &hosts, each, &act, &is_broken, at_once] {
      const Turn turn(room);
      const auto failure = [](ExitCode code, const char* why) {
        return Json{{"state", "failed"}, {"pid", nullptr}, {"detail", why}, {"code", to_int(code)}};
      };
      Json answer;
      if (at_once == 1 && is_broken) {
        answer = failure(ExitCode::Failure, "not begun, since another failed");
        answer["host"] = each.name;
        return answer;
      }
      try {
        answer = act(RemoteHost(hosts.ssh, each));
      } catch (const Complaint& complaint) {
        answer = failure(complaint.code(), complaint.what());
      } catch (const std::exception& error) {
        answer = failure(ExitCode::Failure, error.what());
      }
      is_broken = is_broken || answer.contains("code");
      answer["host"] = each.name;
      return answer;
    }));
  }
  Json entries = Json::array();
  std::size_t failed = 0;
  int code = 0;
  for (std::future<Json>& answer : answers) {
    entries.push_back(answer.get());
    entries.back().erase("schema");
    if (!entries.back().contains("code")) continue;
    ++failed;
    code = entries.back()["code"];
  }
  print_list(environment, view(order), entries);
  if (failed == 0) return 0;
  return failed == entries.size() && failed == 1 ? code : to_int(ExitCode::SomeFailed);
}

// What is the same for all hosts of a deployment.
struct Load {
  RelocatableTree tree;
  std::string key;  // text of the file; empty: none
  std::string broker;
  bool keeps_options = false;  // of the workers there

  std::vector<std::string> words_for(const Host& host) const {
    if (keeps_options) return {};
    std::vector<std::string> words{"--broker", broker};
    if (!key.empty()) words.insert(words.end(), {"--keys", host.directory + "/worker.key"});
    words.insert(words.end(), host.options.begin(), host.options.end());
    return words;
  }
};

std::string key_text(const std::string& named) try {
  const std::string file = key_for_workers(named);
  return file.empty() ? file : read_private_file(file);
} catch (const KeyFileError& error) {
  throw Complaint(ExitCode::Usage, error.what(), error.hint);
}

// Without a file and without a broker, what runs there goes on as it was, but for what is given.
Load load_of(const Environment& environment, const Hosts& hosts, bool may_keep) {
  Load load;
  load.tree = make_relocatable_tree();
  if (may_keep && hosts.broker.empty() && !environment.common.broker_given) {
    if (environment.common.keys_given) load.key = key_text(environment.common.keys);
    load.keeps_options = true;
    return load;
  }
  load.broker = broker_for_workers(
      environment.common.broker_given || hosts.broker.empty() ? environment.common.broker : hosts.broker);
  const bool named_here = environment.common.keys_given || hosts.keys.empty();
  load.key = key_text(named_here ? environment.common.keys : hosts.keys);
  return load;
}

Json deploy(const RemoteHost& host, const Load& load) {
  host.copy_tree(load.tree);
  if (!load.key.empty()) host.copy_key(load.key);
  if (host.agent_if_any("status").value("state", "") != "running") host.use_tree(load.tree.name);
  return host.agent("start", load.words_for(host.host()));
}

// Drains what runs, and only then starts the new one: a host has as many slots as it was given, and no more.
Json upgrade(const RemoteHost& host, const Load& load, std::chrono::milliseconds timeout) {
  host.copy_tree(load.tree);
  if (!load.key.empty()) host.copy_key(load.key);
  if (host.agent_if_any("status").value("state", "") == "running")
    host.agent("stop", {"--timeout", format_duration(timeout)});
  host.use_tree(load.tree.name);
  return host.agent("start", load.words_for(host.host()));
}

Command host_command(const char* name, const char* summary, const char* example, Settings& settings) {
  Command command{.name = name,
                  .summary = summary,
                  .operands = "HOSTS.toml | HOST…",
                  .examples = example,
                  .operands_min = 1,
                  .operands_max = kManyOperands};
  command.options = {option::text("ssh", 0, "COMMAND", "how to get to hosts; default ssh", settings.ssh),
                     option::text("directory", 0, "DIR", "on the hosts; default .zonda in the home directory",
                                  settings.directory)};
  return command;
}

Command ssh_command(Environment& environment, const std::shared_ptr<Settings>& settings) {
  Command command =
      host_command("ssh", "Copies this program and a worker's key to hosts, and starts a worker on each.",
                   "zonda deploy ssh lab-7 lab-8 --broker tcp://10.0.0.1:5570 --keys worker.key\nzonda "
                   "deploy ssh hosts.toml",
                   *settings);
  command.options.push_back(option::number("slots", "N", "of each worker; default: one for each processor",
                                           settings->slots, 65'536, 1));
  command.notes = "What is there already is not copied again, and a worker that runs goes on.\n";
  command.run = [&environment, settings](const std::vector<std::string>& operands) {
    const Hosts hosts = hosts_of(operands, *settings);
    const Load load = load_of(environment, hosts, false);
    return on_all(environment, "ssh", hosts, kAtOnce,
                  [&](const RemoteHost& host) { return deploy(host, load); });
  };
  return command;
}

Command status_command(Environment& environment, const std::shared_ptr<Settings>& settings) {
  Command command = host_command("status", "Tells of each host whether its worker runs.",
                                 "zonda deploy status hosts.toml", *settings);
  command.run = [&environment, settings](const std::vector<std::string>& operands) {
    return on_all(environment, "status", hosts_of(operands, *settings), kAtOnce,
                  [](const RemoteHost& host) { return host.agent_if_any("status"); });
  };
  return command;
}

Command stop_command(Environment& environment, const std::shared_ptr<Settings>& settings) {
  Command command = host_command("stop", "Has the workers of hosts finish what they run and leave.",
                                 "zonda deploy stop hosts.toml --timeout 1h", *settings);
  command.options.push_back(option::duration("timeout", "wait so long; default 10m", settings->timeout));
  command.run = [&environment, settings](const std::vector<std::string>& operands) {
    return on_all(environment, "stop", hosts_of(operands, *settings), kAtOnce, [&](const RemoteHost& host) {
      return host.agent_if_any("stop", {"--timeout", format_duration(settings->timeout)});
    });
  };
  return command;
}

Command upgrade_command(Environment& environment, const std::shared_ptr<Settings>& settings) {
  Command command = host_command(
      "upgrade",
      "Replaces the workers of hosts by this version, one host after the other: each is drained first.",
      "zonda deploy upgrade hosts.toml\nzonda deploy upgrade lab-7 lab-8", *settings);
  command.notes =
      "The first that does not come back stops it. Without a file and --broker, workers keep their options "
      "and key.\n";
  command.options.push_back(option::duration("timeout", "for each to drain; default 10m", settings->timeout));
  command.run = [&environment, settings](const std::vector<std::string>& operands) {
    const Hosts hosts = hosts_of(operands, *settings);
    const Load load = load_of(environment, hosts, true);
    return on_all(environment, "upgrade", hosts, 1,
                  [&](const RemoteHost& host) { return upgrade(host, load, settings->timeout); });
  };
  return command;
}

}  // namespace

Command deploy_command(Environment& environment) {
  auto settings = std::make_shared<Settings>();
  Command command{.name = "deploy",
                  .summary = "Puts workers on other machines, looks after them, and replaces them.",
                  .operands = "",
                  .examples = "zonda deploy ssh hosts.toml\nzonda deploy status hosts.toml"};
  command.children = {ssh_command(environment, settings), deploy_slurm_command(environment),
                      status_command(environment, settings), stop_command(environment, settings),
                      upgrade_command(environment, settings)};
  return command;
}

}  // namespace zonda::cli
