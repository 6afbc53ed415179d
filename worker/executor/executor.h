// Runs user code in slots. Two implementations, process_executor.h and thread_executor.h, and a simulated one
// in tests/simulation. All calls come from the worker's loop thread; user code runs elsewhere.
#pragma once

#include <zonda/job_id.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/column.h"
#include "proto/slab.h"

namespace zonda {

using TimePoint = std::chrono::steady_clock::time_point;

// A run of consecutive tasks of one job for one slot: indices [first, first + arguments.count()).
struct Work {
  JobId job;
  std::uint64_t first = 0;
  Token token;
  std::uint32_t attempt = 1;
  std::string function;
  std::string signature;
  Slab slab;         // keeps `arguments` alive
  Column arguments;  // each value is one msgpack array
};

// How long a task that was asked to stop has until it is ended, or its thread is given up.
inline constexpr std::chrono::seconds kStopGrace{1};
inline constexpr std::chrono::seconds kCommandStopGrace{7};  // a command has 5 s of its own after SIGTERM

enum class StopReason : std::uint8_t { Cancelled, TimedOut };

// What happened in a slot. Outcomes of one Work come in index order, in as many events as is convenient
// (64 KiB of results, or about 1 ms, or the end of the Work), and cover each of its indices exactly once,
// as Finished or as Unstarted.
struct Finished {
  int slot = 0;
  JobId job;
  std::uint64_t first = 0;
  Token token;
  std::string kinds;     // one byte per task: 0 a value, else TaskReport::Kind; empty: all are values
  std::string lengths;   // with payloads: a Column. A payload is the encoded result, or an encoded TaskReport
  std::string payloads;  // (proto/report.h)
  std::chrono::microseconds busy{0};  // time spent in user code for these tasks
};
// Never began and may be given to somebody else without blame: what was queued behind a task that took its
// executor down, or was dropped.
struct Unstarted {
  int slot = 0;
  JobId job;
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  Token token;
};
struct TaskProgress {
  TaskId task;
  Token token;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::string text;
};
struct TaskOutput {  // of a command somebody watches
  TaskId task;
  Token token;
  std::uint32_t attempt = 0;
  std::uint8_t stream = 1;  // 1 stdout, 2 stderr
  std::uint64_t offset = 0;
  std::string bytes;
};
using ExecutorEvent = std::variant<Finished, Unstarted, TaskProgress, TaskOutput>;

// The task that runs in a slot now.
struct Running {
  TaskId task;
  Token token;
  TimePoint since;
};

class Executor {
 public:
  virtual ~Executor() = default;

  virtual int slots() const = 0;
  // Gives work to a slot. At most two Works may be in a slot: one runs, one waits, so that it never idles for
  // want of a hand-over. Duration of a Work is the caller's business (a few milliseconds, or one task).
  virtual void start(int slot, Work work) = 0;
  // Asks the running task to stop: a stop flag first; after its grace it is killed, or its thread given up.
  // The task ends as `cancelled` or `timed_out`. Nothing happens if another task runs there by now.
  virtual void stop(int slot, const TaskId& task, StopReason reason, TimePoint now) = 0;
  // Takes back what of this range is in a slot and has not started; reported as Unstarted.
  virtual void drop(const JobId& job, std::uint64_t first, std::uint64_t count, Token token) = 0;
  // The running task may have said so many bytes of output in all; before, kOutputWindow. Nothing happens if
  // another task runs there by now.
  virtual void output_room(int slot, const TaskId& task, std::uint64_t upto) = 0;
  // Results are to wait where they are, as far as the executor can do that: there is no room for them.
  virtual void hold_results(bool) {}
  virtual std::optional<Running> running(int slot) const = 0;
  // User code that does not end is left in this very process: only a new one is rid of it.
  virtual bool is_stuck() const { return false; }

  // Everything that happened since the last call. Never blocks. `now` drives grace periods.
  virtual std::vector<ExecutorEvent> take_events(TimePoint now) = 0;
  virtual int event_fd() const = 0;  // readable when take_events has something
  virtual std::optional<TimePoint> next_deadline() const = 0;
};

}  // namespace zonda
