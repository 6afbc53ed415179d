// zonda job wait.
#include <algorithm>
#include <memory>

#include "cli/broker_link.h"
#include "cli/commands/commands.h"
#include "cli/signal_watch.h"
#include "cli/targets.h"
#include "cli/views.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct WaitSettings {
  std::string fail_on = "any";
  std::chrono::milliseconds timeout{0};
};

bool is_over(const Json& job) { return job.contains("finished") && !job["finished"].is_null(); }

// Asks again and again, less often as it takes longer: also jobs of other clients can be waited for, and
// nothing of their results travels.
Json wait_for(BrokerLink& link, const SignalWatch& signals, const std::string& name, Clock::time_point end) {
  for (int pause_ms = 10;; pause_ms = std::min(pause_ms * 2, 500)) {
    Json job = link.ask("job.info", {{"job", name}});
    if (is_over(job)) return job;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0)
      throw Complaint(ExitCode::TimedOut, "job " + name + " is not over: " + job.value("state", ""));
    if (signals.wait_for(static_cast<int>(std::min<std::int64_t>(pause_ms, left))))
      throw Complaint(signals.exit_code(), "interrupted; the job goes on");
  }
}

ExitCode judge(Environment& environment, const Json& job, const std::string& fail_on) {
  const auto count = [&](const char* name) { return job.value(name, std::uint64_t{0}); };
  const std::uint64_t failed = count("failed");
  const bool cancelled = job.value("state", "") == "cancelled" || count("cancelled") > 0;
  if (fail_on == "never" || (fail_on == "all" && count("done") > 0)) return ExitCode::Ok;
  if (failed > 0) {
    environment.say("job " + job.value("job", "") + ": " + std::to_string(failed) + " of " +
                    std::to_string(count("tasks")) + " tasks failed");
    return ExitCode::TasksFailed;
  }
  if (!cancelled) return ExitCode::Ok;
  environment.say("job " + job.value("job", "") + " was cancelled");
  return ExitCode::Cancelled;
}

int wait(Environment& environment, const WaitSettings& settings, const std::vector<std::string>& names) {
  for (const std::string& name : names) parse_job(name);
  SignalWatch signals;
  BrokerLink link(environment);
  const Clock::time_point end =
      settings.timeout.count() > 0 ? Clock::now() + settings.timeout : Clock::time_point::max();
  ExitCode worst = ExitCode::Ok;
  Json jobs = Json::array();
  for (const std::string& name : names) {
    Json job = wait_for(link, signals, name, end);
    const ExitCode code = judge(environment, job, settings.fail_on);
    if (worst == ExitCode::Ok || code == ExitCode::TasksFailed) worst = code == ExitCode::Ok ? worst : code;
    finish_job(job);
    jobs.push_back(std::move(job));
  }
  if (environment.json() || environment.ids()) {
    ListView view = job_list_view();
    view.schema = "zonda.job.wait/1";
    print_list(environment, view, jobs);
  }
  return to_int(worst);
}

}  // namespace

Command job_wait_command(Environment& environment) {
  auto settings = std::make_shared<WaitSettings>();
  Command command{
      .name = "wait",
      .summary = "Waits until jobs are over. Exit code 8: tasks failed, 9: cancelled, 7: not in time.",
      .operands = "JOB…",
      .examples = "zonda job wait $job\nzonda job wait $a $b --timeout 1h --fail-on all",
      .operands_min = 1,
      .operands_max = kManyOperands};
  command.options = {
      option::choice("fail-on", 0, {"any", "all", "never"},
                     "fail if any task failed (default), if none succeeded, or never", settings->fail_on),
      option::duration("timeout", "wait no longer", settings->timeout)};
  command.run = [&environment, settings](const std::vector<std::string>& names) {
    return wait(environment, *settings, names);
  };
  return command;
}

}  // namespace zonda::cli
