// The service manager that started this process, if one did (systemd, Type=notify): what it is told, and the
// watchdog that it keeps. The protocol is that of sd_notify(3): datagrams of lines to $NOTIFY_SOCKET.
#pragma once

#include <chrono>
#include <string>

#include "proto/unique_fd.h"

namespace zonda {

class ServiceManager {
 public:
  using Clock = std::chrono::steady_clock;

  // Takes NOTIFY_SOCKET and WATCHDOG_USEC out of the environment, so that no child speaks for this process.
  // To be made before other threads exist that use the environment.
  ServiceManager();

  void ready(const std::string& status);
  void status(const std::string& text);  // a line for people
  // Starting takes its time, and goes on: for at least so long again.
  void still_starting(const std::string& text, std::chrono::seconds more);
  void stopping();
  // Puts the environment back, for a program that takes the place of this one.
  void hand_over() const;

  // When it wants to hear again that the loop turns; max(): nobody watches.
  Clock::time_point due() const { return due_; }
  // The loop turns: said when it is due.
  void alive(Clock::time_point now);

 private:
  void tell(const std::string& lines);

  std::string address_, watchdog_, watched_;  // as they were in the environment
  UniqueFd socket_;
  std::chrono::microseconds every_{0};
  Clock::time_point due_ = Clock::time_point::max();
};

}  // namespace zonda
