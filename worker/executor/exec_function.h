// The built-in function `zonda.exec`: runs a command. An ordinary handler, so it works in both executors.
//
// Its argument and its result are msgpack maps; this header is their codec, for the command line too. Unknown
// keys are skipped. Text fields are written as bin and read as str or bin: arguments are bytes, not text.
#pragma once

#include <zonda/detail/handler.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zonda {

inline constexpr const char* kExecName = "zonda.exec";
inline constexpr const char* kExecSignature = "(map) -> map";

struct ExecRequest {
  std::vector<std::string> argv{};  // with `shell`, argv[0] is the script and the rest its $0, $1, …
  bool shell = false;               // /bin/sh -c
  std::vector<std::pair<std::string, std::string>> env{};  // added to the worker's own
  std::string cwd{};          // used if it exists on the worker; else a scratch directory, removed afterwards
  bool cwd_required = false;  // else it fails
  std::optional<std::string> input{};          // standard input; /dev/null without
  std::optional<std::uint64_t> index{};        // $ZONDA_INDEX; without it the task's own
  bool live = false;                           // tell the client what is written while it is written
  std::uint64_t keep_bytes = 16 << 20;         // of each stream; what is beyond is read and dropped
  std::chrono::milliseconds stop_grace{5000};  // from SIGTERM to SIGKILL when it shall stop; at most 5 s

  friend bool operator==(const ExecRequest&, const ExecRequest&) = default;
};

struct ExecResult {
  int exit_code = 0;  // 127: not found, 126: found and not executable
  int signal = 0;     // 0: it exited
  std::string stdout_bytes;
  std::string stderr_bytes;
  bool stdout_cut = false;
  bool stderr_cut = false;
  std::uint64_t stdout_total = 0;  // bytes it wrote, kept or not
  std::uint64_t stderr_total = 0;
  std::string cwd;  // where it ran
  bool scratch = false;
  double seconds = 0;
  std::uint64_t peak_rss_bytes = 0;  // at least what the executor used: the kernel counts it in
  Token token;                       // it ran under: which of several runs wrote this

  friend bool operator==(const ExecResult&, const ExecResult&) = default;
};

std::string encode_exec_arguments(const ExecRequest& request);  // a task's input: an array of one map
ExecRequest decode_exec_arguments(std::string_view arguments);  // throws detail::DecodeError

std::string encode_exec_result(const ExecResult& result);  // a task's value
ExecResult decode_exec_result(std::string_view bytes);     // throws detail::DecodeError
// What a command that failed, was cancelled or timed out left in its report.
std::optional<ExecResult> exec_result_of(std::string_view report_bytes);

// A non-zero exit or a signal ends the task as failed with a report that carries the result.
detail::Handler exec_handler();

}  // namespace zonda
