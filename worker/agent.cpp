#include "worker/agent.h"

#include <spdlog/spdlog.h>

namespace zonda {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto kReturnGrace = 2s;  // from the end of what was stopped until the broker knows of it
constexpr int kLastTurns = 10;

}  // namespace

void Agent::run() {
  while (!core_.is_done()) {
    loop_.turn(latest_);
    if (core_.refused()) return;
    tell();
    outbox_.look();
    if (core_.is_orphaned()) on_orphaned();
    if (core_.is_orphaned() && core_.tasks_held() == 0) return;
    if (signals_.take() != 0) on_signal();
    if (latest_ <= steady_clock::now()) on_latest();
  }
  for (int turns = 0; turns < kLastTurns; ++turns)
    loop_.turn(steady_clock::now() + 1ms);  // the goodbye leaves
}

void Agent::on_signal() {
  if (gave_up_) return;  // as fast as it can already
  if (draining_) return give_up();
  draining_ = true;
  spdlog::info("draining timeout_ms={}", drain_timeout_.count());
  loop_.drain();
  latest_ = steady_clock::now() + drain_timeout_;
}

void Agent::on_orphaned() {
  if (gave_up_) return;
  spdlog::error("orphaned no broker for too long; tasks_stopped={} outcomes_dropped={}", core_.tasks_held(),
                core_.outbox().tasks());
  stop_all();
}

void Agent::on_latest() {
  if (gave_up_) return loop_.leave();
  give_up();
}

void Agent::give_up() {
  spdlog::warn("giving-up running tasks go back to the broker");
  stop_all();
}

// What still runs gets as long as its executor gives it, and is left behind after.
void Agent::stop_all() {
  gave_up_ = draining_ = true;
  loop_.give_up();
  latest_ = steady_clock::now() + executor_.stop_grace() + kReturnGrace;
}

void Agent::tell() {
  if (connected_ == core_.is_connected()) return;
  connected_ = core_.is_connected();
  if (connected_)
    spdlog::info("connected epoch={}", core_.welcome().epoch);
  else
    spdlog::warn("disconnected running tasks go on");
}

}  // namespace zonda
