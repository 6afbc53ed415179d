// zonda job: what was submitted, and what to do about it.
#include <memory>

#include "cli/broker_link.h"
#include "cli/commands/commands.h"
#include "cli/targets.h"
#include "cli/views.h"

namespace zonda::cli {
namespace {

Json about(const std::string& job) { return {{"job", to_string(parse_job(job))}}; }

Command list_command(Environment& environment) {
  struct Settings {
    std::string state;
    std::uint64_t limit = 1000;
  };
  auto settings = std::make_shared<Settings>();
  Command command{.name = "list",
                  .summary = "Lists jobs, the newest first.",
                  .operands = "",
                  .examples = "zonda job list --state running\nzonda job list -q --limit 1"};
  command.options = {
      option::choice("state", 0, {"open", "queued", "running", "done", "failed", "cancelled"},
                     "only jobs in this state; open: all that are not over", settings->state),
      option::number("limit", "N", "at most so many; default 1000", settings->limit, UINT32_MAX)};
  command.run = [&environment, settings](const std::vector<std::string>&) {
    Json arguments{{"limit", settings->limit}};
    if (!settings->state.empty()) arguments["state"] = settings->state;
    Json jobs = BrokerLink(environment).ask_list("job.list", arguments);
    for (Json& job : jobs) finish_job(job);
    print_list(environment, job_list_view(), jobs);
    return 0;
  };
  return command;
}

Command info_command(Environment& environment) {
  Command command{.name = "info",
                  .summary = "Tells all about jobs.",
                  .operands = "JOB…",
                  .examples = "zonda job info $job -o json",
                  .operands_min = 1,
                  .operands_max = kManyOperands};
  command.run = [&environment](const std::vector<std::string>& names) {
    BrokerLink link(environment);
    Json jobs = Json::array();
    const ExitCode code = for_each_target(environment, names, [&](const std::string& name) {
      jobs.push_back(link.ask("job.info", about(name)));
      finish_job(jobs.back());
    });
    if (names.size() == 1)
      print_thing(environment, job_info_view(), jobs.front());
    else
      print_list(environment, job_list_view(), jobs);
    return to_int(code);
  };
  return command;
}

// Asked again where a connection breaks: a job that was there and is not any more is forgotten by this order.
Json forget(BrokerLink& link, const std::string& job) {
  link.ask("job.info", about(job));
  try {
    return link.ask("job.forget", about(job));
  } catch (const Complaint& complaint) {
    if (complaint.code() != ExitCode::NotFound) throw;
    return {};
  }
}

// An order about some jobs that prints one line for each.
Command order_command(Environment& environment, Command command, const std::string& what, bool ask_first,
                      const std::string& past) {
  command.operands = "JOB…";
  command.operands_min = 1;
  command.operands_max = kManyOperands;
  command.run = [&environment, what, ask_first, past](const std::vector<std::string>& names) {
    for (const std::string& name : names)
      parse_job(name);  // a typing error stops all, before anything is done
    if (ask_first &&
        !environment.confirm("forget " + std::to_string(names.size()) + " job(s) and their results?"))
      throw Complaint(ExitCode::Failure, "nothing was done");
    BrokerLink link(environment);
    Json jobs = Json::array();
    const ExitCode code = for_each_target(environment, names, [&](const std::string& name) {
      const Json answer = what == "job.forget" ? forget(link, name) : link.ask(what, about(name));
      Json line{{"job", name}, {"state", past}};
      if (answer.is_object() && answer.contains("was_over"))
        line["state"] = "was over: " + answer.value("was_over", "");
      else if (answer.is_object())
        line["retried_as"] = answer.value("job", ""), line["tasks"] = answer.value("tasks", 0);
      jobs.push_back(line);
    });
    const ListView view{"zonda." + what + "/1",
                        "jobs",
                        [](const Json& job) { return job.value("retried_as", job.value("job", "")); },
                        {{"JOB"}, {"STATE"}},
                        [](const Json& job) {
                          const std::string again = job.value("retried_as", "");
                          return std::vector<std::string>{
                              job.value("job", ""),
                              text_of(job, "state") + (again.empty() ? "" : " as " + again)};
                        }};
    print_list(environment, view, jobs);
    return to_int(code);
  };
  return command;
}

}  // namespace

Command job_command(Environment& environment) {
  Command cancel{.name = "cancel",
                 .summary = "Cancels jobs; what runs is stopped.",
                 .operands = "",
                 .examples = "zonda job cancel $job\nzonda job cancel $(zonda job list -q --state running)"};
  Command retry{.name = "retry",
                .summary = "Runs the failed tasks of jobs again, as new jobs.",
                .operands = "",
                .examples = "job=$(zonda job retry -q $job)"};
  Command forget{.name = "forget",
                 .summary = "Removes finished jobs and their results.",
                 .operands = "",
                 .examples = "zonda job forget $(zonda job list -q --state done)"};
  Command command{.name = "job",
                  .summary = "Lists, waits for, reads, cancels, retries and forgets jobs.",
                  .operands = "",
                  .examples = "zonda job list\nzonda job wait $job --timeout 1h"};
  command.children = {list_command(environment),
                      info_command(environment),
                      job_wait_command(environment),
                      job_result_command(environment),
                      order_command(environment, cancel, "job.cancel", false, "cancelled"),
                      order_command(environment, retry, "job.retry", false, "retried"),
                      order_command(environment, forget, "job.forget", true, "forgotten")};
  return command;
}

}  // namespace zonda::cli
