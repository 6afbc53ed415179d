// zonda status and zonda check: how the whole is doing.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

#include "cli/broker_link.h"
#include "cli/commands/commands.h"
#include "cli/views.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;

double finished(const Json& status) { return status.value("done", 0.0) + status.value("failed", 0.0); }

// The broker counts; a rate takes two looks.
Json read_status(BrokerLink& link, std::chrono::milliseconds window) {
  const Json before = link.ask("status");
  const Clock::time_point began = Clock::now();
  std::this_thread::sleep_for(window);
  Json status{{"broker", link.address()}};
  status.update(link.ask("status"));
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  status["tasks_per_second"] = std::round((finished(status) - finished(before)) / seconds * 10) / 10;
  return status;
}

int tell(Environment& environment, bool good, const std::string& text) {
  if (environment.json())
    environment.out.write(to_text(Json{{"schema", "zonda.check/1"}, {"ok", good}, {"message", text}}) + "\n");
  else if (good && !environment.ids())
    environment.out.write("ok: " + text + "\n");
  if (!good) environment.say(text);
  return to_int(good ? ExitCode::Ok : ExitCode::Failure);
}

Command live_command(Environment& environment) {
  Command command{.name = "live",
                  .summary = "Does the broker answer at all?",
                  .operands = "",
                  .examples = "zonda check live --connect-timeout 1s"};
  command.run = [&environment](const std::vector<std::string>&) {
    BrokerLink link(environment);
    const auto failure = link.failure_to_connect();
    if (failure && failure->kind == TaskReport::unreachable) throw link.complaint_of(*failure);
    return tell(environment, true, "the broker answers");
  };
  return command;
}

Command ready_command(Environment& environment) {
  Command command{.name = "ready",
                  .summary = "Does the broker take work?",
                  .operands = "",
                  .examples = "until zonda check ready; do sleep 1; done"};
  command.run = [&environment](const std::vector<std::string>&) {
    const bool full = BrokerLink(environment).ask("status").value("disk_nearly_full", false);
    return tell(
        environment, !full,
        full ? "the disk of the broker is nearly full: new jobs are refused" : "the broker takes work");
  };
  return command;
}

Command workers_command(Environment& environment) {
  auto least = std::make_shared<std::uint64_t>(1);
  Command command{.name = "workers",
                  .summary = "Are there enough workers?",
                  .operands = "",
                  .examples = "zonda check workers --min 4"};
  command.options = {option::number("min", "N", "how many are enough; default 1", *least, UINT32_MAX)};
  command.run = [&environment, least](const std::vector<std::string>&) {
    const Json status = BrokerLink(environment).ask("status");
    const std::uint64_t leaving = status.value("workers_draining", std::uint64_t{0});
    const std::uint64_t active = status.value("workers", std::uint64_t{0}) - leaving;
    return tell(environment, active >= *least,
                std::to_string(active) + " workers, " + std::to_string(*least) + " wanted");
  };
  return command;
}

Command backlog_command(Environment& environment) {
  auto most = std::make_shared<std::uint64_t>(0);
  Command command{.name = "backlog",
                  .summary = "Does less work wait than is too much?",
                  .operands = "",
                  .examples = "zonda check backlog --max 10000"};
  command.options = {option::number("max", "N", "how many tasks may wait; default 0", *most, UINT64_MAX)};
  command.run = [&environment, most](const std::vector<std::string>&) {
    const std::uint64_t queued = BrokerLink(environment).ask("status").value("queued", std::uint64_t{0});
    return tell(environment, queued <= *most,
                std::to_string(queued) + " tasks wait, " + std::to_string(*most) + " allowed");
  };
  return command;
}

}  // namespace

Command status_command(Environment& environment) {
  auto window = std::make_shared<std::chrono::milliseconds>(250);
  Command command{.name = "status",
                  .summary = "One screen: work, workers, rates, durability.",
                  .operands = "",
                  .examples = "zonda status\nzonda status -o json | jq .queued"};
  command.options = {option::duration("window", "over what time rates are measured; default 250ms", *window)};
  command.run = [&environment, window](const std::vector<std::string>&) {
    BrokerLink link(environment);
    print_thing(environment, status_view(), read_status(link, *window));
    return 0;
  };
  return command;
}

Command check_command(Environment& environment) {
  Command command{.name = "check",
                  .summary = "Answers probes: exit code 0 is yes, 1 is no, 6 is unreachable.",
                  .operands = "",
                  .examples = "zonda check ready\nzonda check workers --min 4"};
  command.children = {live_command(environment), ready_command(environment), workers_command(environment),
                      backlog_command(environment)};
  return command;
}

}  // namespace zonda::cli
