// What the shell is told. The numbers are a contract: scripts branch on them.
#pragma once

namespace zonda::cli {

enum class ExitCode : int {
  Ok = 0,
  Failure = 1,
  Usage = 2,
  NotFound = 3,
  Refused = 4,  // conflict, quota, signature
  NotAuthorised = 5,
  Unreachable = 6,
  TimedOut = 7,     // connected, but waited in vain
  TasksFailed = 8,  // of what was waited for
  Cancelled = 9,
  SomeFailed = 10,  // of several targets of an administrator's command
  Interrupted = 130,
  Terminated = 143,
};

constexpr int to_int(ExitCode code) { return static_cast<int>(code); }
const char* to_string(ExitCode code);  // "usage", "not_found", …: the code in JSON errors

}  // namespace zonda::cli
