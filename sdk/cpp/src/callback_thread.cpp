#include "sdk/cpp/src/callback_thread.h"

#include <zonda/detail/exception_report.h>
#include <zonda/error.h>

#include <signal.h>

#include <utility>

namespace zonda {

std::thread start_quiet_thread(std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the thread
  try {
    std::thread thread(std::move(body));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
}

struct CallbackThread::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::multimap<std::chrono::steady_clock::time_point, Callback> queue;  // by time, then as posted
  bool stopping = false;
  std::function<void(std::string_view)> on_log;

  void call(const Callback& callback) {
    try {
      callback();
    } catch (...) {
      say("an exception left a callback: " + describe(detail::report_current_exception()));
    }
  }
  void say(const std::string& line) {
    try {
      if (on_log) on_log(line);
    } catch (...) {  // there is nobody left to tell
    }
  }
};

CallbackThread::CallbackThread(std::function<void(std::string_view)> on_log)
    : state_(std::make_shared<State>()) {
  state_->on_log = std::move(on_log);
  thread_ = start_quiet_thread([state = state_] { run(state); });
}

CallbackThread::~CallbackThread() { stop(); }

bool CallbackThread::post(Callback callback, std::chrono::steady_clock::time_point at) {
  const std::lock_guard lock(state_->mutex);
  if (state_->stopping) return false;
  state_->queue.emplace(at, std::move(callback));
  state_->changed.notify_one();
  return true;
}

void CallbackThread::log(std::string line) {
  if (!state_->on_log) return;
  State* state = state_.get();  // lives as long as its thread
  post([state, line = std::move(line)] { state->say(line); });
}

void CallbackThread::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    state_->changed.notify_one();
  }
  if (!thread_.joinable()) return;
  if (thread_.get_id() == std::this_thread::get_id())
    thread_.detach();
  else
    thread_.join();
}

void CallbackThread::run(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    if (state->queue.empty()) {
      if (state->stopping) return;
      state->changed.wait(lock);
      continue;
    }
    const auto first = state->queue.begin();
    if (!state->stopping && first->first > std::chrono::steady_clock::now()) {
      state->changed.wait_until(lock, std::chrono::steady_clock::time_point(first->first));
      continue;
    }
    {
      const Callback callback = std::move(first->second);
      state->queue.erase(first);
      lock.unlock();
      state->call(callback);
    }  // what it held is let go without the lock
    lock.lock();
  }
}

}  // namespace zonda
