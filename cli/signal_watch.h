// Ctrl-C and SIGTERM, heard by a thread of their own so that commands can end their work in order. The second
// signal ends the process at once, unless it came with the first or from ask_to_end(). To be made before
// other threads are started: they inherit the blocked mask.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "command_line/exit_code.h"

namespace zonda::cli {

// SIGTERM for a process with a SignalWatch that may be sent again and again: it never hurries the end.
void ask_to_end(pid_t process);

class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  // Called once, on the watch's thread; at once if a signal came before.
  void on_signal(std::function<void()> wake);

  bool interrupted() const { return signal_ != 0; }
  ExitCode exit_code() const;             // 130 or 143
  bool wait_for(int milliseconds) const;  // true as soon as a signal came

 private:
  void watch();

  int signals_;  // signalfd
  int stop_;     // eventfd
  int heard_;    // eventfd, readable once a signal came
  std::atomic<int> signal_{0};
  std::mutex mutex_;
  std::function<void()> wake_;
  std::thread thread_;
};

// Has `wake` called on a signal, as long as it lives.
class WakeOnSignal {
 public:
  WakeOnSignal(SignalWatch& watch, std::function<void()> wake) : watch_(watch) {
    watch_.on_signal(std::move(wake));
  }
  ~WakeOnSignal() { watch_.on_signal({}); }
  WakeOnSignal(const WakeOnSignal&) = delete;
  WakeOnSignal& operator=(const WakeOnSignal&) = delete;

 private:
  SignalWatch& watch_;
};

}  // namespace zonda::cli
