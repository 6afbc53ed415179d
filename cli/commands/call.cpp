// zonda call: a typed function by its name, JSON in, JSON out.
#include <zonda/error.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "cli/broker_link.h"
#include "cli/commands/commands.h"
#include "cli/readable_json.h"
#include "cli/signal_watch.h"
#include "cli/waiting_notice.h"
#include "command_line/suggestion.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct CallSettings {
  std::string signature;
  std::string queue;
  std::int32_t priority = 0;
  std::uint64_t retries = 0;
  std::chrono::milliseconds timeout{0};
  std::map<std::string, double> resources;
  std::map<std::string, std::string> labels;
};

// The signature to call with: the wanted one, or the only one that is served. Empty: nobody serves the name.
std::optional<std::string> find_signature(const Json& functions, const std::string& name,
                                          const std::string& wanted) {
  std::vector<std::string> signatures;
  std::string served;
  for (const Json& function : functions) {
    if (function.value("name", "") != name) continue;
    signatures.push_back(function.value("signature", ""));
    served += (served.empty() ? "" : ", ") + name + signatures.back();
  }
  if (signatures.empty()) return std::nullopt;
  if (!wanted.empty() && std::find(signatures.begin(), signatures.end(), wanted) == signatures.end())
    throw Complaint(ExitCode::Refused, "no worker serves " + name + wanted, "served: " + served);
  if (wanted.empty() && signatures.size() > 1)
    throw Complaint(ExitCode::Refused, "'" + name + "' is served with several signatures",
                    "choose with --signature: " + served);
  return wanted.empty() ? signatures.front() : wanted;
}

std::string hint_about(const Json& functions, const std::string& name) {
  std::vector<std::string> names;
  for (const Json& function : functions) names.push_back(function.value("name", ""));
  return suggestion_hint(name, names);
}

// Without a signature there is no task to queue yet, so the workers are looked at again and again. Empty: a
// signal came first.
std::optional<std::string> wait_for_signature(Environment& environment, BrokerLink& link,
                                              const SignalWatch& signals, const std::string& name,
                                              const std::string& wanted, Clock::time_point end) {
  WaitingNotice notice(link);
  std::optional<Json> functions = link.ask_list("functions");
  for (int pause_ms = 20;; pause_ms = std::min(pause_ms * 2, 500)) {
    if (functions) {
      if (const auto signature = find_signature(*functions, name, wanted)) return signature;
    }
    const Clock::time_point now = Clock::now();
    if (now >= end)
      throw Complaint(ExitCode::TimedOut, "no worker serves the function " + name,
                      functions ? hint_about(*functions, name) : "");
    std::optional<std::string> why = notice.check_connection(now);
    if (!why && functions) why = notice.check_served(name, hint_about(*functions, name), now);
    if (why) environment.say(*why);
    if (signals.wait_for(pause_ms)) return std::nullopt;
    functions = link.try_ask_list("functions", Json::object(), std::chrono::milliseconds(500));
  }
}

[[noreturn]] void throw_failure(const TaskOutcome& outcome) {
  const TaskReport report = outcome.report();
  const auto code = report.kind == TaskReport::cancelled  ? ExitCode::Cancelled
                    : report.kind == TaskReport::rejected ? ExitCode::Refused
                                                          : ExitCode::TasksFailed;
  throw Complaint(code, describe(report));
}

int wait_for_result(Environment& environment, BrokerLink& link, SignalWatch& signals, JobChannel& channel,
                    Clock::time_point end) {
  WaitingNotice notice(link);
  while (true) {
    const std::optional<JobEvent> event = channel.next(std::chrono::milliseconds(200));
    if (signals.interrupted()) return channel.cancel(), to_int(signals.exit_code());
    const Clock::time_point now = Clock::now();
    if (now >= end && !event)
      throw Complaint(ExitCode::TimedOut,
                      "no result in the time given with --timeout; the task is cancelled");
    if (!event) {
      std::optional<std::string> why = notice.check_connection(now);
      if (!why) why = notice.check({channel.id(), 0}, now);
      if (why) environment.say(*why);
      continue;
    }
    if (const auto* outcome = std::get_if<TaskOutcome>(&*event)) {
      if (!outcome->has_value()) throw_failure(*outcome);
      environment.out.write(to_text(readable(from_msgpack(outcome->payload))) + "\n");
      return 0;
    }
    if (const auto* job_end = std::get_if<JobEnd>(&*event)) {
      if (job_end->failure) throw link.complaint_of(*job_end->failure);
      throw Complaint(ExitCode::Failure, "the job ended without an outcome");
    }
  }
}

int call(Environment& environment, const CallSettings& settings, const std::vector<std::string>& operands) {
  const Json arguments =
      operands.size() > 1 ? parse_json(operands[1], "the list of arguments") : Json::array();
  if (!arguments.is_array())
    throw Complaint(ExitCode::Usage, "the arguments are not a JSON array", "zonda call NAME '[7, \"text\"]'");
  const Clock::time_point end =
      settings.timeout.count() > 0 ? Clock::now() + settings.timeout : Clock::time_point::max();
  SignalWatch signals;
  BrokerLink link(environment);
  const std::optional<std::string> signature =
      wait_for_signature(environment, link, signals, operands[0], settings.signature, end);
  if (!signature) return to_int(signals.exit_code());
  JobSpec spec;
  spec.function = operands[0];
  spec.signature = *signature;
  spec.queue = settings.queue;
  spec.priority = settings.priority;
  spec.retries = static_cast<std::uint32_t>(settings.retries);
  spec.resources = settings.resources;
  spec.labels = settings.labels;
  const std::unique_ptr<JobChannel> channel = link.open(spec);
  const WakeOnSignal wake(signals, [&] { channel->interrupt(); });
  channel->append(to_msgpack(arguments));
  channel->close();
  return wait_for_result(environment, link, signals, *channel, end);
}

}  // namespace

Command call_command(Environment& environment) {
  auto settings = std::make_shared<CallSettings>();
  Command command{.name = "call",
                  .summary = "Calls a typed function by its name and prints the result as JSON.",
                  .operands = "NAME [JSON array of arguments]",
                  .examples =
                      "zonda call math.square '[7]'\n"
                      "zonda call tiles.render '[{\"x\": 1, \"y\": 2}, 2.2]'",
                  .operands_min = 1,
                  .operands_max = 2};
  command.options = {option::text("signature", 0, "TEXT", "which one, if several are served: '(int) -> int'",
                                  settings->signature),
                     option::text("queue", 0, "NAME", "the queue it waits in", settings->queue),
                     option::integer("priority", "N", "higher runs first; 0 is normal", settings->priority),
                     option::number("retries", "N", "more attempts after a failure; default 0",
                                    settings->retries, 1'000'000),
                     option::duration("timeout", "wait no longer, and cancel it then", settings->timeout),
                     option::amount("resource", "what the worker must have free", settings->resources),
                     option::pair("label", "what the worker must be labelled with", settings->labels)};
  command.run = [&environment, settings](const std::vector<std::string>& operands) {
    return call(environment, *settings, operands);
  };
  return command;
}

}  // namespace zonda::cli
