// zonda task: single tasks of a job.
#include <algorithm>
#include <memory>

#include "cli/broker_link.h"
#include "cli/commands/commands.h"
#include "cli/exec_outcome.h"
#include "cli/readable_json.h"
#include "cli/targets.h"
#include "cli/views.h"
#include "command_line/escape.h"

namespace zonda::cli {
namespace {

Json about(const TaskId& task) { return {{"job", to_string(task.job)}, {"index", task.index}}; }

Command list_command(Environment& environment) {
  struct Settings {
    std::string state;
    std::uint64_t limit = 10'000;
  };
  auto settings = std::make_shared<Settings>();
  Command command{.name = "list",
                  .summary = "Lists the tasks of a job.",
                  .operands = "JOB",
                  .examples = "zonda task list $job --state failed",
                  .operands_min = 1,
                  .operands_max = 1};
  command.options = {
      option::choice("state", 0,
                     {"queued", "running", "delayed", "done", "failed", "crashed", "timed_out", "cancelled",
                      "lost", "expired"},
                     "only tasks in this state; failed: however they failed", settings->state),
      option::number("limit", "N", "at most so many; default 10000", settings->limit, UINT32_MAX)};
  command.run = [&environment, settings](const std::vector<std::string>& operands) {
    const std::string job = to_string(parse_job(operands[0]));
    Json arguments{{"job", job}, {"limit", settings->limit}};
    if (!settings->state.empty()) arguments["state"] = settings->state;
    Json tasks = Json::array();
    for (Json& task : BrokerLink(environment).ask_list("task.list", arguments)) {
      Json named{{"job", job}};
      named.update(task);
      tasks.push_back(std::move(named));
    }
    std::sort(tasks.begin(), tasks.end(), [](const Json& a, const Json& b) {  // it comes as tasks ended
      return a.value("index", std::uint64_t{0}) < b.value("index", std::uint64_t{0});
    });
    print_list(environment, task_list_view(), tasks);
    return 0;
  };
  return command;
}

Json attempt_json(const TaskReport::Attempt& attempt) {
  return {{"number", attempt.number},
          {"kind", zonda::to_string(attempt.kind)},
          {"worker", attempt.worker},
          {"host", attempt.host},
          {"message", attempt.message}};
}

// All that is known about a failure; what the report does not know is left out.
void add_report(Json& task, const TaskReport& report) {
  const auto add = [&task](const char* name, auto value) {
    if (value != decltype(value){}) task[name] = value;
  };
  add("type", report.type);
  add("message", report.message);
  add("signal", report.signal);
  add("exit_code", report.exit_code);
  if (!report.stderr_tail.empty()) set_bytes(task, "stderr_tail", report.stderr_tail);
  add("peak_rss_bytes", report.peak_rss_bytes);
  add("host", report.host);
  add("attempts", report.attempts);
  if (report.history.empty()) return;
  task["history"] = Json::array();
  for (const TaskReport::Attempt& attempt : report.history) task["history"].push_back(attempt_json(attempt));
}

void add_result(Json& task, const ExecResult& result) {
  task["exit_code"] = result.exit_code;
  task["signal"] = result.signal;
  task["seconds"] = result.seconds;
  task["cwd"] = result.cwd;
  task["scratch"] = result.scratch;
  task["peak_rss_bytes"] = result.peak_rss_bytes;
  task["stdout_bytes"] = result.stdout_bytes.size();
  task["stderr_bytes"] = result.stderr_bytes.size();
  if (result.stdout_cut) task["stdout_cut"] = true;
  if (result.stderr_cut) task["stderr_cut"] = true;
}

// What the outcome of a finished task holds, in words.
void explain_payload(Json& task, const std::string& function) {
  const Json payload = task.value("payload", Json());
  task.erase("payload");
  if (!payload.is_binary()) return;
  TaskOutcome outcome;
  outcome.payload.assign(payload.get_binary().begin(), payload.get_binary().end());
  const std::string state = task.value("state", "");
  while (kind_name(outcome.kind) != state && outcome.kind < TaskReport::expired) ++outcome.kind;
  outcome.worker = task.value("worker", "");
  if (outcome.kind != 0) add_report(task, outcome.report());
  if (function != kExecName) {
    if (outcome.kind == 0) task["value"] = readable(from_msgpack(outcome.payload));
    return;
  }
  const ExecOutcome exec = read_exec_outcome(std::move(outcome));
  if (exec.result) add_result(task, *exec.result);
}

Command info_command(Environment& environment) {
  Command command{
      .name = "info",
      .summary = "Tells all about a task: its state, attempts, worker, where it ran, why it failed.",
      .operands = "JOB/INDEX",
      .examples = "zonda task info $job/7",
      .operands_min = 1,
      .operands_max = 1};
  command.run = [&environment](const std::vector<std::string>& operands) {
    const TaskId id = parse_task(operands[0]);
    BrokerLink link(environment);
    const Json job = link.ask("job.info", about(id));
    Json task{{"job", to_string(id.job)}};
    task.update(link.ask("task.info", about(id)));
    explain_payload(task, job.value("function", ""));
    print_thing(environment, task_info_view(), task);
    return 0;
  };
  return command;
}

// "it is over: crashed on w1 (alpha), attempt 4: the worker died …"
std::string why_over(const Json& task) {
  const std::string worker = task.value("worker", "");
  const std::string host = task.value("host", "");
  const std::string message = task.value("message", "");
  std::string text = "it is over: " + task.value("state", "");
  if (!worker.empty()) text += " on " + worker + (host.empty() ? "" : " (" + host + ")");
  if (!worker.empty()) text += ", attempt " + std::to_string(task.value("attempt", 1));
  return message.empty() ? text : text + ": " + message;
}

// Of a task that is over, too: its report tells of each attempt.
Json explained(const TaskId& id, Json answer) {
  if (answer.contains("why")) {
    format_times(answer, {"due"});
  } else {
    if (answer.value("state", "") == "done") answer.erase("payload");  // the value is not asked for
    explain_payload(answer, "");
    answer["why"] = why_over(answer);
  }
  Json task{{"job", to_string(id.job)}, {"index", id.index}, {"why", answer["why"]}};
  task.update(answer);
  return task;
}

Command explain_command(Environment& environment) {
  Command command{
      .name = "explain",
      .summary = "Says why a task waits, where it runs or ran, and how each attempt before ended.",
      .operands = "JOB/INDEX",
      .examples = "zonda task explain $job/7",
      .operands_min = 1,
      .operands_max = 1};
  command.run = [&environment](const std::vector<std::string>& operands) {
    const TaskId id = parse_task(operands[0]);
    const Json task = explained(id, BrokerLink(environment).ask("task.explain", about(id)));
    ThingView view = task_info_view();
    view.schema = "zonda.task.explain/1";
    if (environment.json()) {
      print_thing(environment, view, task);
      return 0;
    }
    std::string text = escape_line(task.value("why", "")) + "\n";
    for (const Json& attempt : task.value("history", Json::array()))
      text += "  attempt " + escape_line(attempt_line(attempt)) + "\n";
    environment.out.write(text);
    return 0;
  };
  return command;
}

}  // namespace

Command task_command(Environment& environment) {
  Command command{.name = "task",
                  .summary = "Lists and explains the tasks of a job.",
                  .operands = "",
                  .examples = "zonda task list $job\nzonda task explain $job/0"};
  command.children = {list_command(environment), info_command(environment), explain_command(environment)};
  return command;
}

}  // namespace zonda::cli
