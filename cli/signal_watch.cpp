#include "cli/signal_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

namespace zonda::cli {
namespace {

constexpr std::chrono::milliseconds kOneHand{100};

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

void raise_event(int fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t ignored = write(fd, &one, sizeof one);
}

}  // namespace

void ask_to_end(pid_t process) { sigqueue(process, SIGTERM, {}); }

SignalWatch::SignalWatch() : stop_(eventfd(0, EFD_CLOEXEC)), heard_(eventfd(0, EFD_CLOEXEC)) {
  const sigset_t set = watched_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  thread_ = std::thread([this] { watch(); });
}

SignalWatch::~SignalWatch() {
  raise_event(stop_);
  thread_.join();
  for (const int fd : {signals_, stop_, heard_}) close(fd);
}

void SignalWatch::on_signal(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
  if (interrupted() && wake_) wake_();
}

ExitCode SignalWatch::exit_code() const {
  return signal_ == SIGINT ? ExitCode::Interrupted : ExitCode::Terminated;
}

bool SignalWatch::wait_for(int milliseconds) const {
  pollfd waiting{heard_, POLLIN, 0};
  poll(&waiting, 1, milliseconds);
  return interrupted();
}

void SignalWatch::watch() {
  std::chrono::steady_clock::time_point heard_at;
  while (true) {
    pollfd waiting[] = {{signals_, POLLIN, 0}, {stop_, POLLIN, 0}};
    poll(waiting, 2, -1);
    if (waiting[1].revents != 0) return;
    signalfd_siginfo info{};
    if (waiting[0].revents == 0 || read(signals_, &info, sizeof info) != sizeof info) continue;
    const int signal = static_cast<int>(info.ssi_signo);
    if (interrupted() && info.ssi_code == SI_QUEUE) continue;  // by ask_to_end(): it is being done
    const auto now = std::chrono::steady_clock::now();
    if (interrupted() && now - heard_at < kOneHand) continue;  // timeout(1) sends it to us and to our group
    if (interrupted()) _exit(128 + signal);
    heard_at = now;
    signal_ = signal;
    raise_event(heard_);
    const std::lock_guard lock(mutex_);
    if (wake_) wake_();
  }
}

}  // namespace zonda::cli
