// The agent's life: works until it is drained, or gives up, or the broker refuses it for good.
#pragma once

#include <chrono>

#include "proto/wire/signals.h"
#include "worker/outbox_watch.h"
#include "worker/worker_loop.h"

namespace zonda {

class Agent {
 public:
  Agent(WorkerCore& core, WorkerLoop& loop, Executor& executor, Signals& signals, OutboxWatch outbox,
        std::chrono::milliseconds drain_timeout)
      : core_(core),
        loop_(loop),
        executor_(executor),
        signals_(signals),
        outbox_(outbox),
        drain_timeout_(drain_timeout) {}

  void run();
  // It left in order because of user code that does not end, and nobody wants it gone: it is to begin anew.
  bool is_to_restart() const { return restarting_ && core_.is_done() && !core_.is_dismissed(); }

 private:
  void on_signal();
  void on_orphaned();
  void on_stuck();
  void on_latest();
  void drain();
  void give_up();
  void stop_all();
  void tell();

  WorkerCore& core_;
  WorkerLoop& loop_;
  Executor& executor_;
  Signals& signals_;
  OutboxWatch outbox_;
  std::chrono::milliseconds drain_timeout_;
  TimePoint latest_ = TimePoint::max();  // when it gives up what it drains; then when it leaves
  TimePoint begin_ = std::chrono::steady_clock::now();
  bool connected_ = false;
  bool silent_ = false;  // the broker, for longer than it ever should be
  bool draining_ = false;
  bool restarting_ = false;  // draining for that
  bool gave_up_ = false;
};

}  // namespace zonda
