#include "worker/agent.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "proto/limits.h"

namespace zonda {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto kReturnGrace = 2s;  // for the broker to take what is finished or given back
constexpr auto kSilence =
    2 * std::chrono::duration_cast<std::chrono::seconds>(idle_heartbeat(kHeartbeat, kLease));
constexpr int kLastTurns = 10;

}  // namespace

void Agent::run() {
  while (!core_.is_done()) {
    const bool leaves_idle = timeouts_.idle > 0ms && !draining_;
    const TimePoint next = std::min(latest_, service_.due());
    loop_.turn(leaves_idle ? std::min(next, idle_since_ + timeouts_.idle) : next);
    service_.alive(steady_clock::now());
    if (core_.refused()) return;
    tell();
    outbox_.look();
    if (core_.is_orphaned()) on_orphaned();
    if (core_.is_orphaned() && core_.tasks_held() == 0) return;
    if (executor_.is_stuck() && !core_.is_draining()) on_stuck();
    if (leaves_idle && !draining_) watch_idle();
    if (signals_.take() != 0) on_signal();
    if (latest_ <= steady_clock::now()) on_latest();
  }
  for (int turns = 0; turns < kLastTurns; ++turns)
    loop_.turn(steady_clock::now() + 1ms);  // the goodbye leaves
}

void Agent::on_signal() {
  const bool is_first = !draining_ || std::exchange(restarting_, false);
  if (is_first) return drain();
  if (!gave_up_) return give_up();
  if (core_.tasks_held() == 0) latest_ = steady_clock::now();  // else executors have their grace
}

void Agent::on_stuck() {
  spdlog::error("stuck a task does not stop: draining, then starting anew");
  restarting_ = true;
  drain();
}

void Agent::drain() {
  draining_ = true;
  if (!restarting_) service_.stopping();
  spdlog::info("draining timeout_ms={}", timeouts_.drain.count());
  loop_.drain();
  latest_ = steady_clock::now() + timeouts_.drain;
}

// Between two short tasks it has none, and is not idle.
void Agent::watch_idle() {
  const TimePoint now = steady_clock::now();
  const bool did_something = std::exchange(finished_, core_.tasks_finished()) != core_.tasks_finished();
  if (did_something || core_.tasks_held() > 0 || !core_.outbox().empty()) idle_since_ = now;
  if (now - idle_since_ < timeouts_.idle) return;
  spdlog::info("idle for {} ms", timeouts_.idle.count());
  drain();
}

void Agent::on_orphaned() {
  if (gave_up_) return;
  spdlog::error("orphaned no broker for too long; tasks_stopped={} outcomes_dropped={}", core_.tasks_held(),
                core_.outbox().tasks());
  stop_all();
}

void Agent::on_latest() {
  if (!gave_up_) return give_up();
  if (restarting_)
    latest_ = TimePoint::max();  // nothing runs any more, and what is finished is worth waiting for a broker
  else
    loop_.leave();
}

void Agent::give_up() {
  spdlog::warn("giving-up running tasks go back to the broker");
  stop_all();
}

// What still runs gets as long as executors give it, and is left behind after.
void Agent::stop_all() {
  gave_up_ = draining_ = true;
  loop_.give_up();
  const auto stop_grace = core_.tasks_held() > 0 ? kCommandStopGrace : 0s;
  latest_ = steady_clock::now() + stop_grace + kReturnGrace;
}

void Agent::tell() {
  const bool silent = steady_clock::now() - std::max(core_.last_heard(), begin_) >= kSilence;
  if (silent != std::exchange(silent_, silent) && silent)
    spdlog::warn("broker-silent nothing heard of it for {} s: trying again, and running tasks go on",
                 kSilence.count());
  if (!core_.is_connected() && core_.last_refusal() != told_) {
    told_ = core_.last_refusal();
    service_.status("not connected: " + told_);
    spdlog::warn("not-connected {}", told_);
  }
  if (connected_ == core_.is_connected()) return;
  connected_ = core_.is_connected();
  service_.status(connected_ ? "connected" : "not connected");
  if (connected_)
    spdlog::info("connected epoch={}", core_.welcome().epoch);
  else
    spdlog::warn("disconnected running tasks go on");
}

}  // namespace zonda
