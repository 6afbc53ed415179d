// The agent's life: works until it is drained, or gives up, or the broker refuses it for good.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "proto/wire/service_manager.h"
#include "proto/wire/signals.h"
#include "worker/outbox_watch.h"
#include "worker/worker_loop.h"

namespace zonda {

struct AgentTimeouts {
  std::chrono::milliseconds drain;
  std::chrono::milliseconds idle;  // 0: never
};

class Agent {
 public:
  Agent(WorkerCore& core, WorkerLoop& loop, Executor& executor, Signals& signals, OutboxWatch outbox,
        ServiceManager& service, AgentTimeouts timeouts)
      : core_(core),
        loop_(loop),
        executor_(executor),
        signals_(signals),
        outbox_(outbox),
        service_(service),
        timeouts_(timeouts) {}

  void run();
  // It left in order because of user code that does not end, and nobody wants it gone: it is to begin anew.
  bool is_to_restart() const { return restarting_ && core_.is_done() && !core_.is_dismissed(); }

 private:
  void on_signal();
  void on_orphaned();
  void on_stuck();
  void on_latest();
  void watch_idle();
  void drain();
  void give_up();
  void stop_all();
  void tell();

  WorkerCore& core_;
  WorkerLoop& loop_;
  Executor& executor_;
  Signals& signals_;
  OutboxWatch outbox_;
  ServiceManager& service_;
  AgentTimeouts timeouts_;
  TimePoint latest_ = TimePoint::max();  // when it gives up what it drains; then when it leaves
  TimePoint begin_ = std::chrono::steady_clock::now();
  TimePoint idle_since_ = std::chrono::steady_clock::now();
  std::uint64_t finished_ = 0;  // tasks, when it was last looked at
  bool connected_ = false;
  std::string told_;     // why it was not
  bool silent_ = false;  // the broker, for longer than it ever should be
  bool draining_ = false;
  bool restarting_ = false;  // draining for that
  bool gave_up_ = false;
};

}  // namespace zonda
