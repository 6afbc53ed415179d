// What is behind a client: its intake, its two threads, and their end.
#pragma once

#include <zonda/client_options.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "sdk/cpp/src/callback_thread.h"
#include "sdk/cpp/src/client_loop.h"
#include "sdk/cpp/src/intake.h"

namespace zonda::detail {

class Engine {
 public:
  explicit Engine(const ClientOptions& options);  // throws Error if the address or the name is malformed
  ~Engine();

  // Ends the threads; see ~Client. Again: nothing.
  void shut_down();

  const std::shared_ptr<Intake>& intake() const { return intake_; }
  const ClientLoop& loop() const { return loop_; }

 private:
  LoopOptions checked(const ClientOptions& options);

  std::shared_ptr<CallbackThread> callbacks_;
  std::shared_ptr<Intake> intake_;
  ClientLoop loop_;
  std::mutex mutex_;
  std::thread thread_;
};

}  // namespace zonda::detail
