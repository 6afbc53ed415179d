#include "cli/commands/map_run.h"

#include "command_line/escape.h"

namespace zonda::cli {
namespace {

// How far inputs may run ahead of what was printed: enough for thousands of workers, bounded in memory.
constexpr std::size_t kSlotsMax = 65'536;
constexpr std::uint64_t kBufferedBytesMax = 256 << 20;
constexpr std::chrono::milliseconds kTurn{100};

std::uint64_t size_of(const ExecOutcome& outcome) {
  return outcome.result ? outcome.result->stdout_bytes.size() + outcome.result->stderr_bytes.size() : 0;
}

}  // namespace

MapRun::MapRun(Environment& environment, BrokerLink& link, SignalWatch& signals, const MapOptions& options)
    : environment_(environment),
      link_(link),
      signals_(signals),
      options_(options),
      template_(options.command, options.task.shell, WithoutMark::AppendInput),
      request_(exec_request(options.task)),
      results_(environment.out, environment.common, Json{{"schema", "zonda.map/1"}}),
      bar_(environment.err, environment.err.is_terminal() && !environment.common.ids_only,
           environment.color()),
      notice_(link),
      reader_(options.input_fd, options.delimiter, [this] { wake(); }) {
  signals_.on_signal([this] { wake(); });
}

MapRun::~MapRun() { signals_.on_signal({}); }

void MapRun::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  woken_condition_.notify_all();
  if (channel_) channel_->interrupt();
}

// Without any input there is no job, and no broker is needed.
bool MapRun::wait_for_first_input() {
  while (!signals_.interrupted()) {
    {
      std::unique_lock lock(mutex_);
      woken_condition_.wait(lock, [this] { return woken_; });
      woken_ = false;
    }
    InputReader::Taken taken = reader_.take();
    all_read_ = taken.end;
    inputs_ = std::move(taken.inputs);
    if (!inputs_.empty()) return true;
    if (all_read_) return false;
  }
  return false;
}

ExitCode MapRun::run() {
  if (!wait_for_first_input()) {
    results_.open();
    return signals_.interrupted() ? signals_.exit_code() : ExitCode::Ok;
  }
  link_.require_connected();
  results_.open();
  {
    auto channel = link_.open(exec_spec(options_.task));
    const std::lock_guard lock(mutex_);
    channel_ = std::move(channel);
  }
  notice_.progressed(Clock::now());
  while (!ended_) {
    if (signals_.interrupted()) return interrupted();
    append_inputs();
    drain_events();
  }
  return finish();
}

void MapRun::append_inputs() {
  while (slots_.size() < kSlotsMax && buffered_bytes_ < kBufferedBytesMax && channel_->may_append()) {
    if (inputs_at_ == inputs_.size()) {
      if (all_read_) break;
      InputReader::Taken taken = reader_.take();
      inputs_ = std::move(taken.inputs);
      inputs_at_ = 0;
      all_read_ = taken.end;
      if (inputs_.empty()) break;
    }
    std::string& input = inputs_[inputs_at_++];
    request_.argv = template_.fill(input);
    channel_->append(encode_exec_arguments(request_));
    slots_.push_back({std::move(input), nullptr, false});
    ++appended_;
  }
  if (all_read_ && inputs_at_ == inputs_.size() && !closed_) {
    channel_->close();
    closed_ = true;
  }
}

// Waits for something to happen, then takes all that has happened, and shows it at once.
void MapRun::drain_events() {
  std::optional<JobEvent> event = channel_->next(kTurn);
  const Clock::time_point now = Clock::now();
  if (event) notice_.progressed(now);
  for (; event; event = channel_->next(std::chrono::milliseconds(0))) {
    if (handle(*event)) break;
  }
  environment_.out.flush();
  environment_.err.flush();
  if (!ended_) look_after_waiting(now);
  bar_.show(progress(), now);
}

bool MapRun::handle(JobEvent& event) {
  if (auto* outcome = std::get_if<TaskOutcome>(&event)) take(std::move(*outcome));
  const auto* end = std::get_if<JobEnd>(&event);
  if (end == nullptr) return false;
  if (end->failure) {
    bar_.hide();
    throw link_.complaint_of(*end->failure);
  }
  return ended_ = true;
}

void MapRun::take(TaskOutcome&& raw) {
  ExecOutcome outcome = read_exec_outcome(std::move(raw));
  if (outcome.index < base_ || outcome.index - base_ >= slots_.size()) return;
  Slot& slot = slots_[outcome.index - base_];
  if (slot.done || slot.outcome) return;
  if (options_.unordered || outcome.index == base_) {
    print(outcome, slot.input);
    slot.done = true;
  } else {
    buffered_bytes_ += size_of(outcome);
    slot.outcome = std::make_unique<ExecOutcome>(std::move(outcome));
  }
  for (; !slots_.empty() && (slots_.front().done || slots_.front().outcome); slots_.pop_front(), ++base_) {
    const Slot& first = slots_.front();
    if (first.done) continue;
    buffered_bytes_ -= size_of(*first.outcome);
    print(*first.outcome, first.input);
  }
}

void MapRun::print(const ExecOutcome& outcome, const std::string& input) {
  ++done_;
  if (outcome.kind == TaskReport::cancelled)
    ++not_run_;
  else if (outcome.failed())
    ++failed_;
  if (environment_.out.is_terminal()) bar_.hide();
  if (environment_.json()) {
    results_.add(exec_outcome_json(outcome, input));
  } else if (outcome.result) {
    write_tagged(environment_.out, input, outcome.result->stdout_bytes);
    if (!outcome.result->stderr_bytes.empty()) {
      bar_.hide();
      environment_.out.flush();  // so that a terminal shows both in their order
      write_tagged(environment_.err, input, outcome.result->stderr_bytes);
    }
    if (outcome.cut()) {
      bar_.hide();
      environment_.say("output was cut: " + shorten(input));
    }
  }
  if (outcome.failed() && outcome.kind != TaskReport::cancelled) say_failure(outcome, input);
}

void MapRun::say_failure(const ExecOutcome& outcome, const std::string& input) {
  bar_.hide();
  environment_.say("failed: " + shorten(input) + ": " + outcome.reason());
}

void MapRun::write_tagged(Sink& sink, const std::string& input, std::string_view bytes) {
  if (!options_.tag) return sink.write(bytes);
  const std::string tag = (sink.is_terminal() ? escape_line(input) : input) + "\t";
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    sink.write(tag);
    sink.write(bytes.substr(0, end));
    sink.write("\n");
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
  }
}

void MapRun::look_after_waiting(Clock::time_point now) {
  std::optional<std::string> why = notice_.check_connection(now);
  if (slots_.empty())
    notice_.progressed(now);  // it is the inputs that are slow
  else if (!why)
    why = notice_.check({channel_->id(), base_}, now);
  if (!why) return;
  bar_.hide();
  environment_.say(*why);
}

ProgressState MapRun::progress() const {
  return {done_, failed_, appended_ + (inputs_.size() - inputs_at_), all_read_};
}

ExitCode MapRun::interrupted() {
  bar_.hide();
  environment_.say("interrupted: cancelling the tasks");
  channel_->cancel();
  for (const auto end = Clock::now() + std::chrono::seconds(1); Clock::now() < end;) {
    const std::optional<JobEvent> event = channel_->next(kTurn);
    if (event && std::holds_alternative<JobEnd>(*event)) break;
  }
  return signals_.exit_code();
}

ExitCode MapRun::finish() {
  bar_.hide();
  results_.close();
  if (failed_ + not_run_ == 0) return ExitCode::Ok;
  std::string text = std::to_string(failed_) + " of " + std::to_string(done_) + " inputs failed";
  if (not_run_ > 0) text += ", " + std::to_string(not_run_) + " were cancelled";
  environment_.say(text);
  return failed_ > 0 ? ExitCode::TasksFailed : ExitCode::Cancelled;
}

}  // namespace zonda::cli
