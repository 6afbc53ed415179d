#include "broker/broker_loop.h"

#include <optional>

namespace zonda {

Now BrokerLoop::now() const { return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()}; }

void BrokerLoop::turn() {
  Effects effects;
  std::optional<Now> now;  // read once, after the wait: decisions of a turn agree on the time
  wire_.receive_until(core_.next_deadline(), [&](Connection from, std::string_view frame) {
    if (!now) now = this->now();
    core_.handle(from, frame, *now, effects);
  });
  if (!now) now = this->now();
  for (const Connection connection : wire_.take_gone()) core_.connection_gone(connection, *now, effects);
  core_.settle(*now, effects);
  for (const std::string& event : effects.events) on_event_(event);
  if (effects.records.empty() && held_.empty()) {
    for (Effects::Outgoing& outgoing : effects.frames) wire_.send(outgoing.to, std::move(outgoing.frame));
    return;
  }
  held_.push_back({store_.commit(std::move(effects.records)), std::move(effects.frames)});
  speak();
}

// Nothing is said before it is remembered, and nothing overtakes: frames of a session are numbered.
void BrokerLoop::speak() {
  while (!held_.empty() && held_.front().commit <= store_.committed()) {
    for (Effects::Outgoing& outgoing : held_.front().frames)
      wire_.send(outgoing.to, std::move(outgoing.frame));
    held_.pop_front();
  }
}

}  // namespace zonda
