// The agent's one thread: hears, runs, speaks.
#pragma once

#include <string>

#include "proto/wire/address.h"
#include "proto/wire/wire.h"
#include "worker/core/worker_core.h"

namespace zonda {

class WorkerLoop {
 public:
  // `broker` says where the sink is, unless WELCOME does.
  WorkerLoop(WorkerCore& core, PeerWire& wire, BaseAddress broker)
      : core_(core), wire_(wire), broker_(std::move(broker)) {}

  void turn(TimePoint latest);  // waits no longer than until `latest`
  void drain();
  void give_up();
  void leave();

 private:
  void speak(PeerEffects& effects);

  WorkerCore& core_;
  PeerWire& wire_;
  BaseAddress broker_;
  std::string sink_;  // where its lane is connected to
};

}  // namespace zonda
