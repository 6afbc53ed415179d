// A daemon that `zonda up` started: this same program with other words.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace zonda::cli {

class Child {
 public:
  // Its end follows that of the calling thread, also if that is killed. It gets a process group of its own,
  // so that Ctrl-C reaches only who started it.
  static Child start(std::string name, const std::vector<std::string>& words);

  pid_t pid() const { return pid_; }
  const std::string& name() const { return name_; }
  bool is_running() const { return !code_.has_value(); }
  int code() const { return code_.value_or(0); }  // 128+n for a signal
  void send(int signal) const;
  bool reap();  // true once it has ended
  // What it used, with the children it waited for. Zero while it runs.
  double cpu_seconds() const { return cpu_seconds_; }
  std::uint64_t max_rss_bytes() const { return max_rss_bytes_; }

 private:
  Child(std::string name, pid_t pid) : name_(std::move(name)), pid_(pid) {}

  std::string name_;
  pid_t pid_;
  std::optional<int> code_;
  double cpu_seconds_ = 0;
  std::uint64_t max_rss_bytes_ = 0;
};

}  // namespace zonda::cli
