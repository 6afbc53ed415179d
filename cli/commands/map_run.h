// One run of `zonda map`: inputs go into one job as they come, outputs come out in their order.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cli/broker_link.h"
#include "cli/command_template.h"
#include "cli/exec_outcome.h"
#include "cli/input_reader.h"
#include "cli/progress_bar.h"
#include "cli/result_stream.h"
#include "cli/signal_watch.h"
#include "cli/task_options.h"
#include "cli/waiting_notice.h"

namespace zonda::cli {

struct MapOptions {
  TaskOptions task;
  std::vector<std::string> command;
  int input_fd = 0;
  char delimiter = '\n';
  bool unordered = false;
  bool tag = false;
};

class MapRun {
 public:
  MapRun(Environment& environment, BrokerLink& link, SignalWatch& signals, const MapOptions& options);
  ~MapRun();
  MapRun(const MapRun&) = delete;
  MapRun& operator=(const MapRun&) = delete;

  ExitCode run();

 private:
  using Clock = std::chrono::steady_clock;

  // An input from the moment it was read until its outcome was printed.
  struct Slot {
    std::string input;
    std::unique_ptr<ExecOutcome> outcome;  // came out of order
    bool done = false;
  };

  void wake();  // from any thread
  bool wait_for_first_input();
  void append_inputs();
  void drain_events();
  bool handle(JobEvent& event);  // true at the end of the job
  void take(TaskOutcome&& outcome);
  void print(const ExecOutcome& outcome, const std::string& input);
  void write_tagged(Sink& sink, const std::string& input, std::string_view bytes);
  void say_failure(const ExecOutcome& outcome, const std::string& input);
  void look_after_waiting(Clock::time_point now);
  ProgressState progress() const;
  ExitCode interrupted();
  ExitCode finish();

  Environment& environment_;
  BrokerLink& link_;
  SignalWatch& signals_;
  const MapOptions& options_;
  CommandTemplate template_;
  ExecRequest request_;
  ResultStream results_;
  ProgressBar bar_;
  WaitingNotice notice_;
  std::mutex mutex_;  // of the next three
  std::condition_variable woken_condition_;
  bool woken_ = false;
  std::unique_ptr<JobChannel> channel_;
  std::deque<Slot> slots_;  // the first is of task `base_`
  std::uint64_t base_ = 0;
  std::uint64_t buffered_bytes_ = 0;
  std::vector<std::string> inputs_;  // read and not appended, from `inputs_at_` on
  std::size_t inputs_at_ = 0;
  bool all_read_ = false;
  bool closed_ = false;
  bool ended_ = false;
  std::uint64_t appended_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t not_run_ = 0;  // cancelled
  InputReader reader_;         // last: its thread uses what is above
};

}  // namespace zonda::cli
