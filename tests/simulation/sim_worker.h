// One worker process: the real core on the simulated network.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>

#include "tests/simulation/network.h"
#include "tests/simulation/sim_executor.h"
#include "tests/simulation/sim_spool.h"
#include "worker/core/worker_core.h"

namespace zonda::sim {

class SimWorker {
 public:
  // The process was taken down by this task.
  using OnKilled = std::function<void(const SimWorker&, const TaskId&)>;

  // Two of the same number have the same name, and only one of them is let in.
  SimWorker(
      SimClock& clock, Network& network, std::mt19937_64& random, std::uint32_t number, int slots,
      OnKilled on_killed = [](const SimWorker&, const TaskId&) {});
  ~SimWorker();  // as by kill -9
  SimWorker(const SimWorker&) = delete;

  void drain();
  void pause(microseconds time);  // as by SIGSTOP
  // What is spooled is damaged, or the spool takes nothing for a while.
  void break_spool(bool for_good, microseconds time);
  bool is_done() const { return core_.is_done() || core_.refused(); }  // drained, or refused for good
  // It has left, and not all that it finished was stored. One that is refused has lost its tasks to others.
  bool took_results_along() const { return core_.is_done() && !(core_.outbox().empty() && spool_.empty()); }
  const SpoolFigures& spooled() const { return spool_.figures(); }
  std::uint64_t peer() const { return peer_; }
  std::uint32_t number() const { return number_; }
  const std::string& host() const { return host_; }  // no two processes have the same

 private:
  void turn(std::string_view frame);
  void apply(PeerEffects& effects);
  void wake_at(TimePoint when);

  SimClock& clock_;
  Network& network_;
  SimExecutor executor_;
  std::string host_;
  SimSpool spool_;
  WorkerCore core_;
  std::uint32_t number_;
  OnKilled on_killed_;
  std::uint64_t peer_ = 0;
  TimePoint next_wake_ = TimePoint::max();
  TimePoint paused_until_{};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace zonda::sim
