// zonda job result: the outputs of a job's tasks in their order.
#include <zonda/error.h>

#include <map>
#include <memory>

#include "cli/broker_link.h"
#include "cli/commands/commands.h"
#include "cli/exec_outcome.h"
#include "cli/readable_json.h"
#include "cli/result_stream.h"
#include "cli/signal_watch.h"
#include "cli/targets.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;

class ResultReader {
 public:
  ResultReader(Environment& environment, BrokerLink& link, SignalWatch& signals, const std::string& job)
      : environment_(environment),
        link_(link),
        signals_(signals),
        results_(environment.out, environment.common,
                 Json{{"schema", "zonda.job.result/1"}, {"job", to_string(parse_job(job))}}) {}

  int read(const std::string& name, Clock::time_point end) {
    const JobId id = parse_job(name);
    is_exec_ = link_.ask("job.info", {{"job", name}}).value("function", "") == kExecName;
    results_.open();
    const std::unique_ptr<JobChannel> channel = link_.attach(id);
    const WakeOnSignal wake(signals_, [&] { channel->interrupt(); });
    while (true) {
      std::optional<JobEvent> event = channel->next(std::chrono::milliseconds(200));
      if (signals_.interrupted()) return to_int(signals_.exit_code());
      if (!event && Clock::now() >= end) throw Complaint(ExitCode::TimedOut, "job " + name + " is not over");
      if (!event) continue;
      if (auto* outcome = std::get_if<TaskOutcome>(&*event)) take(std::move(*outcome));
      if (const auto* job_end = std::get_if<JobEnd>(&*event)) {
        if (job_end->failure) throw link_.complaint_of(*job_end->failure);
        return finish();
      }
    }
  }

 private:
  void take(TaskOutcome&& outcome) {
    waiting_.emplace(outcome.index, std::move(outcome));
    for (; !waiting_.empty() && waiting_.begin()->first == next_; ++next_) {
      print(std::move(waiting_.begin()->second));
      waiting_.erase(waiting_.begin());
    }
    environment_.out.flush();
  }

  int finish() {
    for (auto& [index, outcome] : waiting_) print(std::move(outcome));  // after outcomes that were released
    results_.close();
    if (failed_ == 0 && cancelled_ == 0) return 0;
    environment_.say(std::to_string(failed_) + " tasks failed, " + std::to_string(cancelled_) +
                     " were cancelled");
    return to_int(failed_ > 0 ? ExitCode::TasksFailed : ExitCode::Cancelled);
  }

  void print(TaskOutcome&& outcome) {
    if (outcome.kind == TaskReport::cancelled)
      ++cancelled_;
    else if (outcome.kind != 0)
      ++failed_;
    if (is_exec_)
      print_exec(read_exec_outcome(std::move(outcome)));
    else
      print_typed(outcome);
  }

  void print_exec(const ExecOutcome& outcome) {
    if (environment_.json()) {
      results_.add(exec_outcome_json(outcome, nullptr));
    } else if (outcome.result) {
      environment_.out.write(outcome.result->stdout_bytes);
      if (!outcome.result->stderr_bytes.empty()) environment_.out.flush();
      environment_.err.write(outcome.result->stderr_bytes);
      if (outcome.cut()) environment_.say("output of task " + std::to_string(outcome.index) + " was cut");
    }
    if (outcome.failed() && outcome.kind != TaskReport::cancelled)
      environment_.say("task " + std::to_string(outcome.index) + " failed: " + outcome.reason());
  }

  void print_typed(const TaskOutcome& outcome) {
    Json line{{"index", outcome.index}, {"kind", kind_name(outcome.kind)}};
    if (outcome.has_value()) {
      line["value"] = readable(from_msgpack(outcome.payload));
    } else {
      line["message"] = describe(outcome.report());
      if (outcome.kind != TaskReport::cancelled)
        environment_.say("task " + std::to_string(outcome.index) + " " + line["message"].get<std::string>());
    }
    line["worker"] = outcome.worker;
    line["attempt"] = outcome.attempt;
    if (environment_.json())
      results_.add(line);
    else if (outcome.has_value())
      environment_.out.write(to_text(line["value"]) + "\n");
  }

  Environment& environment_;
  BrokerLink& link_;
  SignalWatch& signals_;
  ResultStream results_;
  bool is_exec_ = false;
  std::map<std::uint64_t, TaskOutcome> waiting_;
  std::uint64_t next_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t cancelled_ = 0;
};

}  // namespace

Command job_result_command(Environment& environment) {
  auto timeout = std::make_shared<std::chrono::milliseconds>(0);
  Command command{.name = "result",
                  .summary = "Prints what a job's tasks gave, in their order; waits for those that run.",
                  .operands = "JOB",
                  .examples = "zonda job result $job\nzonda job result $job -o jsonl | jq .seconds",
                  .operands_min = 1,
                  .operands_max = 1};
  command.options = {option::duration("timeout", "wait no longer", *timeout)};
  command.run = [&environment, timeout](const std::vector<std::string>& operands) {
    const Clock::time_point end = timeout->count() > 0 ? Clock::now() + *timeout : Clock::time_point::max();
    SignalWatch signals;
    BrokerLink link(environment);
    return ResultReader(environment, link, signals, operands[0]).read(operands[0], end);
  };
  return command;
}

}  // namespace zonda::cli
