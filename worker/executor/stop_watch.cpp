#include "worker/executor/stop_watch.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

namespace zonda {
namespace {

// std::atomic::wait does not work between processes, a futex without the private flag does.
void wait_for_bell(std::atomic<std::uint32_t>& bell, std::uint32_t heard) {
  ::syscall(SYS_futex, &bell, FUTEX_WAIT, heard, nullptr, nullptr, 0);
}

void ring(std::atomic<std::uint32_t>& bell) {
  bell.fetch_add(1, std::memory_order_release);
  ::syscall(SYS_futex, &bell, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace

void ring_stop_bell(SlotPage& page, std::uint64_t task) {
  page.stop_task.store(task, std::memory_order_release);
  ring(page.stop_bell);
}

StopWatch::~StopWatch() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
  }
  ring(page_.stop_bell);
  thread_.join();
}

std::stop_token StopWatch::token_of(std::uint64_t task) {
  const std::lock_guard lock(mutex_);
  if (task_ != task) {
    task_ = task;
    source_ = std::stop_source();
  }
  if (page_.stop_task.load(std::memory_order_acquire) == task) source_.request_stop();
  if (!thread_.joinable()) {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the threads that expect them
    thread_ = std::thread([this] { watch(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  return source_.get_token();
}

void StopWatch::watch() {
  for (;;) {
    const std::uint32_t heard = page_.stop_bell.load(std::memory_order_acquire);
    std::stop_source source{std::nostopstate};
    {
      const std::lock_guard lock(mutex_);
      if (leaving_) return;
      if (page_.stop_task.load(std::memory_order_acquire) == task_) source = source_;
    }
    source.request_stop();  // outside the lock: it runs the user's callbacks
    wait_for_bell(page_.stop_bell, heard);
  }
}

}  // namespace zonda
