// Slots that are child processes: a crash kills one child and blames one task. docs/executor-protocol.md says
// how the two talk.
//
// - Children are started with the executor (prefork) and replaced as soon as they die. One that dies again
//   and again without having begun a task is started at growing intervals (100 ms to 10 s), and fault() says
//   why.
// - What functions print goes to the agent's stderr; what they write to stderr is kept as a tail (20 lines,
//   4 KiB) for the report of a crash, and not shown otherwise. The tail is the child's: it may hold lines of
//   earlier tasks.
// - A stopped task has 1 s (a function) or 7 s (a command, which is given 5 s itself) before its child is
//   killed.
// - peak_rss_bytes is what the kernel says of the child's whole life; it is at least what the agent itself
//   used when it started the child, since the kernel counts that in.
// - The thread that creates the executor must be the loop thread and live as long: children die with it.
// - What tasks started ends with their Work, at the latest: processes that left their group or session, too.
//   One executor per process: it kills what appears below it. Children that were there before it are spared,
//   and so are those of its children that were there before their first task.
// - Not reached: if the agent itself dies, what functions started on their own (children and their commands
//   do die with it) and scratch directories of its commands; and a chain of processes that fork and exit
//   faster than /proc is read, for which a cgroup is needed.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "proto/unique_fd.h"
#include "worker/executor/executor.h"
#include "worker/executor/oom_kills.h"

namespace zonda {

struct ProcessExecutorOptions {
  int slots = 1;
  // What is run as a child; kChildArgument is appended. The default is this very binary, whose main() calls
  // run_as_child().
  std::vector<std::string> command{"/proc/self/exe"};
};

class ProcessExecutor final : public Executor {
 public:
  explicit ProcessExecutor(const ProcessExecutorOptions& options);
  ~ProcessExecutor() override;  // kills the children and whatever they started

  int slots() const override { return static_cast<int>(slots_.size()); }
  void start(int slot, Work work) override;
  void stop(int slot, const TaskId& task, StopReason reason, TimePoint now) override;
  void drop(const JobId& job, std::uint64_t first, std::uint64_t count, Token token) override;
  void output_room(int slot, const TaskId& task, std::uint64_t upto) override;
  void hold_results(bool hold) override;  // they wait in the children and their sockets
  std::optional<Running> running(int slot) const override;
  std::vector<ExecutorEvent> take_events(TimePoint now) override;
  int event_fd() const override { return epoll_.get(); }
  std::optional<TimePoint> next_deadline() const override;

  // Why children cannot be used at present; empty while they can. Work given meanwhile waits.
  const std::string& fault() const { return fault_; }
  int pid_of(int slot) const;  // 0: none at present

 private:
  struct Slot;
  enum class Source : std::uint8_t { Socket, Pidfd, Stderr };

  Slot& at(int slot) { return *slots_.at(static_cast<std::size_t>(slot)); }
  const Slot& at(int slot) const { return *slots_.at(static_cast<std::size_t>(slot)); }

  void start_child(Slot& slot, TimePoint now);
  void watch(const Slot& slot, Source source, int fd);
  void unwatch(int fd);
  void hand_over(Slot& slot);
  void flush(Slot& slot);
  void on_readable(std::uint64_t what, std::uint32_t how, TimePoint now);
  void on_socket(Slot& slot, std::uint32_t how, TimePoint now);
  std::uint32_t socket_events(const Slot& slot) const;
  void rewatch_socket(const Slot& slot);
  void end_strays(TimePoint now);
  void read_frames(Slot& slot, int fills_max, TimePoint now);
  bool on_frame(Slot& slot, const struct Frame& frame);
  void on_death(Slot& slot, TimePoint now);
  void on_time(Slot& slot, TimePoint now);
  void kill_when_due(Slot& slot, TimePoint now);
  void retry_later(Slot& slot, const std::string& why, TimePoint now);
  std::string crash_report(const Slot& slot, const struct ProcessEnd& end, const std::string& stderr_tail);
  void wake();

  UniqueFd epoll_;
  UniqueFd wake_;  // readable while events_ holds something that no child said
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::string> command_;
  std::vector<ExecutorEvent> events_;
  std::string fault_;
  OomWatch oom_watch_;
  bool holds_results_ = false;
  std::set<int> spared_;                // children of this process that were there before
  std::optional<TimePoint> strays_at_;  // something may be left of a child that died
};

}  // namespace zonda
