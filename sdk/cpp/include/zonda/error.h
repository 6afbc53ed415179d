// The exceptions of Zonda. Each what() is one sentence for people; report() has the parts of it for programs.
//
//   Error ← TaskError ← TaskFailed, TaskCrashed, TaskTimedOut, TaskCancelled, TaskLost   the task ended
//   without a value Error ← Rejected, Unreachable, Unauthorized, WaitTimedOut there is no outcome
//
// A plain Error is a mistake of the caller: a malformed address, a name or a number that is not allowed.
// Copying an exception does not throw; reading one from several threads is safe.
#pragma once

#include <zonda/task_report.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace zonda {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class TaskError : public Error {
 public:
  explicit TaskError(TaskReport report);

  const TaskReport& report() const noexcept { return *report_; }

 private:
  std::shared_ptr<const TaskReport> report_;
};

// User code threw, or a command ended with a non-zero code or a signal.
class TaskFailed : public TaskError {
 public:
  using TaskError::TaskError;
};

// The executor died under it.
class TaskCrashed : public TaskError {
 public:
  using TaskError::TaskError;
};

// An attempt took longer than its timeout, or everything took longer than the deadline (see report().kind).
class TaskTimedOut : public TaskError {
 public:
  using TaskError::TaskError;
};

class TaskCancelled : public TaskError {
 public:
  using TaskError::TaskError;
};

// Its workers vanished too often, or the broker forgot it.
class TaskLost : public TaskError {
 public:
  using TaskError::TaskError;
};

// The broker refused it: no such signature, over a quota, a key used with other arguments.
class Rejected : public Error {
 public:
  using Error::Error;
};

// The broker did not answer within the connect timeout.
class Unreachable : public Error {
 public:
  using Error::Error;
};

// The broker knows neither this client nor its key, or does not let it do this.
class Unauthorized : public Error {
 public:
  using Error::Error;
};

// A wait with a limit reached it. The task goes on.
class WaitTimedOut : public Error {
 public:
  using Error::Error;
};

// "failed: std::invalid_argument: n must be positive (worker w1 on host h1, attempt 1)". Always one line.
std::string describe(const TaskReport& report);

// Throws what Future::get() throws for this report:
//   failed, crashed, cancelled, lost    TaskFailed, TaskCrashed, TaskCancelled, TaskLost
//   timed_out, expired                  TaskTimedOut
//   unreachable                         Unreachable
//   rejected                            Rejected, or Unauthorized if the report's type is "unauthorized"
[[noreturn]] void throw_report(const TaskReport& report);

}  // namespace zonda
