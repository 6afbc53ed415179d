// Where user code runs: one thread, one call at a time. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace zonda {

class CallbackThread {
 public:
  using Callback = std::function<void()>;

  explicit CallbackThread(std::function<void(std::string_view)> on_log);
  ~CallbackThread();
  CallbackThread(const CallbackThread&) = delete;
  CallbackThread& operator=(const CallbackThread&) = delete;

  // False after stop(): the callback will not run.
  bool post(Callback callback, std::chrono::steady_clock::time_point at = {});
  // To on_log, on the callback thread. Dropped if nobody listens.
  void log(std::string line);
  // Runs what was posted, timers at once, and ends the thread. Called from a callback, it does not wait.
  void stop();

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // the thread's own, too: it may outlive us
  std::thread thread_;
};

// Starts a thread that no signal of the process is delivered to.
std::thread start_quiet_thread(std::function<void()> body);

}  // namespace zonda
