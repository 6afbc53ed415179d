// zonda run: one command on some worker, as if it ran here.
#include <algorithm>
#include <memory>
#include <utility>

#include "cli/broker_link.h"
#include "cli/command_template.h"
#include "cli/commands/commands.h"
#include "cli/exec_outcome.h"
#include "cli/live_stream.h"
#include "cli/signal_watch.h"
#include "cli/task_options.h"
#include "cli/waiting_notice.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;

class CommandRun {
 public:
  CommandRun(Environment& environment, BrokerLink& link, SignalWatch& signals)
      : environment_(environment), link_(link), signals_(signals), notice_(link) {}

  int run(const TaskOptions& options, const std::vector<std::string>& words) {
    ExecRequest request = exec_request(options);
    request.live = !environment_.json();
    request.argv = CommandTemplate(words, options.shell, WithoutMark::LeaveAlone).fill("{}");
    link_.require_connected();
    channel_ = link_.open(exec_spec(options));
    const WakeOnSignal wake(signals_, [this] { channel_->interrupt(); });
    channel_->append(encode_exec_arguments(request));
    channel_->close();
    if (request.live) channel_->watch(0);
    return wait();
  }

 private:
  int wait() {
    while (true) {
      std::optional<JobEvent> event = channel_->next(std::chrono::milliseconds(500));
      if (signals_.interrupted()) return cancel();
      const Clock::time_point now = Clock::now();
      if (!event) {
        std::optional<std::string> why = notice_.check_connection(now);
        if (!why) why = notice_.check({channel_->id(), 0}, now);
        if (why) environment_.say(*why);
        continue;
      }
      notice_.progressed(now);
      if (const auto* output = std::get_if<OutputEvent>(&*event)) show(*output);
      if (auto* outcome = std::get_if<TaskOutcome>(&*event))
        return finish(read_exec_outcome(std::move(*outcome)));
      if (const auto* end = std::get_if<JobEnd>(&*event)) {
        if (end->failure) throw link_.complaint_of(*end->failure);
        throw Complaint(ExitCode::Failure, "the job ended without an outcome");
      }
    }
  }

  void show(const OutputEvent& output) {
    const bool is_error = output.stream == 2;
    note_run(output.token, output.attempt);
    Sink& sink = is_error ? environment_.err : environment_.out;
    sink.write((is_error ? err_ : out_).next(output.token, output.offset, output.bytes));
    sink.flush();
  }

  // What comes now follows what a run wrote that failed, was lost or was given back.
  void note_run(Token token, std::uint32_t attempt) {
    if (token <= std::exchange(token_, std::max(token, token_))) return;
    if (out_.shown() + err_.shown() > 0)
      environment_.say("attempt " + std::to_string(attempt) + ": the output begins again");
  }

  void print(const ExecOutcome& outcome) {
    Json document{{"schema", "zonda.run/1"}, {"job", to_string(channel_->id())}};
    document.update(exec_outcome_json(outcome, nullptr));
    const bool one_line = environment_.common.output == "jsonl";
    environment_.out.write((one_line ? to_text(document) : to_indented_text(document)) + "\n");
  }

  int finish(const ExecOutcome& outcome) {
    if (environment_.json()) {
      print(outcome);
    } else if (outcome.result) {
      note_run(outcome.result->token, outcome.attempt);
      environment_.out.write(out_.rest(outcome.result->token, outcome.result->stdout_bytes));
      environment_.err.write(err_.rest(outcome.result->token, outcome.result->stderr_bytes));
      environment_.out.flush();
      environment_.err.flush();
      const std::uint64_t written = outcome.result->stdout_total + outcome.result->stderr_total;
      if (const std::uint64_t shown = out_.shown() + err_.shown(); shown < written)
        throw Complaint(ExitCode::Failure, std::to_string(written - shown) +
                                               " bytes of its output were lost on the way; it ended with " +
                                               (outcome.kind == 0 ? "exit code 0" : outcome.reason()));
    }
    if (outcome.kind == 0) return 0;
    if (outcome.kind == TaskReport::failed && outcome.result) {
      const ExecResult& result = *outcome.result;
      if (result.signal != 0) return 128 + result.signal;
      if (result.exit_code == 126 || result.exit_code == 127) environment_.say(outcome.reason());
      return result.exit_code;
    }
    if (outcome.kind == TaskReport::cancelled) throw Complaint(ExitCode::Cancelled, outcome.reason());
    throw Complaint(ExitCode::TasksFailed, outcome.reason());
  }

  int cancel() {
    channel_->cancel();
    for (const auto end = Clock::now() + std::chrono::seconds(1); Clock::now() < end;) {
      const std::optional<JobEvent> event = channel_->next(std::chrono::milliseconds(100));
      if (event && std::holds_alternative<JobEnd>(*event)) break;
    }
    return to_int(signals_.exit_code());
  }

  Environment& environment_;
  BrokerLink& link_;
  SignalWatch& signals_;
  WaitingNotice notice_;
  std::unique_ptr<JobChannel> channel_;
  Token token_;  // of the last run that was heard of
  LiveStream out_, err_;
};

}  // namespace

Command run_command(Environment& environment) {
  auto options = std::make_shared<TaskOptions>();
  Command command{.name = "run",
                  .summary = "Runs one command on some worker: its output live, its exit code.",
                  .operands = "-- CMD …",
                  .examples =
                      "zonda run -- hostname\n"
                      "zonda run --shell -- 'make -j4 2>&1 | tail'\n"
                      "zonda run --label disk=ssd --timeout 1h -- ./index.sh",
                  .operands_min = 1,
                  .operands_max = kManyOperands,
                  .takes_command = true};
  add_task_options(command, *options);
  command.run = [&environment, options](const std::vector<std::string>& words) {
    SignalWatch signals;  // before the connection: its threads inherit the mask
    BrokerLink link(environment);
    return CommandRun(environment, link, signals).run(*options, words);
  };
  return command;
}

}  // namespace zonda::cli
