#include "tests/simulation/sim_network.h"

namespace zonda::sim {

std::uint64_t SimNetwork::add_peer(Port port, ToPeer handler) {
  const std::uint64_t number = ++last_peer_;
  peers_[number].port = port;
  peers_[number].handler = std::move(handler);
  connect(number);
  return number;
}

void SimNetwork::remove_peer(std::uint64_t number) {
  by_connection_.erase({peers_[number].port, peers_[number].connection});
  peers_.erase(number);
}

void SimNetwork::partition(std::uint64_t number, bool on) {
  const auto at = peers_.find(number);
  if (at == peers_.end()) return;
  at->second.partitioned = on;
  if (on && random_() % 4 == 0) at->second.dead = true;
}

void SimNetwork::reset(std::uint64_t number) {
  if (const auto at = peers_.find(number); at != peers_.end()) break_connection(at->second, number);
}

void SimNetwork::connect(std::uint64_t number) {
  const auto delay = microseconds(static_cast<std::int64_t>(100 + random_() % 300'000));
  clock_.after(delay, [this, number] {
    const auto at = peers_.find(number);
    if (at == peers_.end() || at->second.connection != 0) return;
    Peer& peer = at->second;
    if (peer.partitioned || !broker_up_) return connect(number);
    peer.connection = ++last_connection_;
    peer.dead = false;
    by_connection_[{peer.port, peer.connection}] = number;
    const Connection connection{peer.port, peer.connection};
    clock_.at(arrival(peer.last_up), [this, connection, life = broker_life_] {
      if (life == broker_life_) to_broker_(connection, {});
    });  // the probe
  });
}

void SimNetwork::set_broker_up(bool on) {
  broker_up_ = on;
  if (on) return;
  ++broker_life_;  // what is on its way arrives nowhere
  for (auto& [number, peer] : peers_) break_connection(peer, number);
}

// What is in flight on its lanes arrives nowhere: the receiving ends are of another connection.
void SimNetwork::break_connection(Peer& peer, std::uint64_t number) {
  if (peer.connection == 0) return;
  by_connection_.erase({peer.port, peer.connection});
  peer.connection = 0;
  connect(number);
}

TimePoint SimNetwork::arrival(TimePoint& last) {
  const auto delay = microseconds(
      static_cast<std::int64_t>(20 + random_() % static_cast<std::uint64_t>(faults_.delay_max.count())));
  last = std::max(clock_.now() + delay, last + microseconds(1));
  return last;
}

int SimNetwork::copies(std::string_view frame) {
  ++frames_;
  if (chance(faults_.drop)) return ++faults_injected_, coverage_.note(frame, Fault::Drop), 0;
  if (chance(faults_.duplicate)) return ++faults_injected_, coverage_.note(frame, Fault::Duplicate), 2;
  coverage_.note(frame, Fault::None);
  return 1;
}

void SimNetwork::peer_sends(std::uint64_t number, std::string frame) {
  Peer& peer = peers_.at(number);
  if (peer.connection == 0) return;  // as with IMMEDIATE: nothing stale is sent later
  if (chance(faults_.reset)) {
    ++faults_injected_;
    coverage_.note(frame, Fault::Reset);
    return break_connection(peer, number);
  }
  if (peer.is_cut()) return coverage_.note(frame, Fault::Partition);
  const Connection connection{peer.port, peer.connection};
  for (int copy = copies(frame); copy > 0; --copy)
    clock_.at(arrival(peer.last_up), [this, connection, frame, life = broker_life_] {
      if (life == broker_life_) to_broker_(connection, frame);
    });
}

void SimNetwork::peer_sends_to_sink(std::uint64_t number, std::string frame) {
  Peer& peer = peers_.at(number);
  if (peer.connection == 0) return;
  if (peer.is_cut()) return coverage_.note(frame, Fault::Partition);
  for (int copy = copies(frame); copy > 0; --copy)
    clock_.at(arrival(peer.last_sink), [this, frame, life = broker_life_] {
      if (life == broker_life_) to_broker_({Port::Sink, 0}, frame);
    });
}

bool SimNetwork::broker_sends(Connection to, std::string frame) {
  const auto at = by_connection_.find(to);
  if (at == by_connection_.end()) return false;
  const std::uint64_t number = at->second;
  Peer& peer = peers_.at(number);
  if (chance(faults_.reset)) {
    ++faults_injected_;
    coverage_.note(frame, Fault::Reset);
    break_connection(peer, number);
    return true;
  }
  if (peer.is_cut()) return coverage_.note(frame, Fault::Partition), true;
  for (int copy = copies(frame); copy > 0; --copy) {
    clock_.at(arrival(peer.last_down), [this, to, number, frame] {
      const auto receiver = peers_.find(number);
      if (receiver == peers_.end() || receiver->second.connection != to.number) return;
      receiver->second.handler(frame);
    });
  }
  return true;
}

}  // namespace zonda::sim
