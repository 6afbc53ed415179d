// What is known about a task that did not end with a value. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace zonda {

struct TaskReport {
  // The numbers are on the wire and in the store: they are never reused.
  enum Kind : std::uint8_t {
    failed = 1,       // user code threw, or a command ended with a non-zero code or a signal
    crashed = 2,      // the executor died under it
    timed_out = 3,    // an attempt took longer than its timeout
    cancelled = 4,    // somebody cancelled it
    lost = 5,         // its workers vanished too often, or the broker forgot it
    rejected = 6,     // the broker refused it
    unreachable = 7,  // the broker did not answer
    expired = 8,      // its deadline passed
  };

  // One attempt that did not end with a value.
  struct Attempt {
    Kind kind = failed;
    std::uint32_t number = 0;  // from 1
    std::string worker;
    std::string host;
    std::string message;

    friend bool operator==(const Attempt&, const Attempt&) = default;
  };

  Kind kind = failed;
  std::string type;     // the C++ type of an exception, or a short word
  std::string message;  // one sentence for people
  int signal = 0;       // 0: none
  int exit_code = 0;
  std::string stderr_tail;           // the last lines the executor wrote
  std::uint64_t peak_rss_bytes = 0;  // 0: unknown
  std::string worker;                // the name of the worker of the last attempt
  std::string host;
  int attempts = 0;  // how often it was started
  std::vector<Attempt> history;

  friend bool operator==(const TaskReport&, const TaskReport&) = default;
};

using Kind = TaskReport::Kind;

const char* to_string(TaskReport::Kind kind);  // "failed", "timed_out", …

}  // namespace zonda
