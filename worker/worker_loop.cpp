#include "worker/worker_loop.h"

#include <algorithm>
#include <optional>

namespace zonda {

using std::chrono::steady_clock;

void WorkerLoop::turn(TimePoint latest) {
  PeerEffects effects;
  std::optional<TimePoint> now;  // read once, after the wait
  wire_.receive_until(std::min(core_.next_deadline(steady_clock::now()), latest), [&](ArrivedFrame frame) {
    if (!now) now = steady_clock::now();
    core_.handle(std::move(frame), *now, effects);
  });
  if (const std::optional<Denial> denial = wire_.take_denial())
    core_.handle(PeerSession::denied(denial->text, denial->is_certain()), steady_clock::now(), effects);
  core_.settle(now.value_or(steady_clock::now()), effects);
  speak(effects);
}

void WorkerLoop::drain() {
  PeerEffects effects;
  const TimePoint now = steady_clock::now();
  core_.drain(now, effects);
  core_.settle(now, effects);  // leaves now if nothing is left to do, not with the next heartbeat
  speak(effects);
}

void WorkerLoop::give_up() {
  PeerEffects effects;
  const TimePoint now = steady_clock::now();
  core_.give_up(now, effects);
  core_.settle(now, effects);
  speak(effects);
}

void WorkerLoop::leave() {
  PeerEffects effects;
  core_.leave(steady_clock::now(), effects);
  speak(effects);
}

void WorkerLoop::speak(PeerEffects& effects) {
  if (effects.restart) wire_.discard_unsent();
  if (effects.reconnect) {
    wire_.reconnect();
    sink_.clear();  // its connection may be as dead: the next session has another
  }
  for (std::string& frame : effects.frames) wire_.send(std::move(frame));
  if (core_.welcome_is_new()) {
    const std::string& told = core_.welcome().sink;
    const std::string sink = told.empty() ? broker_.endpoint(Port::Sink) : told;
    if (sink != sink_) wire_.connect_sink(sink);
    sink_ = sink;
  } else if (effects.reconnect_sink && !sink_.empty()) {
    wire_.connect_sink(sink_);
  }
  while (std::string* frame = core_.next_sink_frame()) {
    if (!wire_.send_to_sink(std::move(*frame)))
      break;  // the loop comes back when the sink takes frames again
    core_.sink_frame_sent();
  }
}

}  // namespace zonda
