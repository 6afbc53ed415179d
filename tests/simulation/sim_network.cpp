#include "tests/simulation/sim_network.h"

namespace zonda::sim {

namespace {

constexpr double kRare = 12;

// What is seldom said meets trouble so many times as often, so that it does at all; the rarest is on its way
// for longer, too, so that brokers die meanwhile.
double weight_of(MessageType type) {
  switch (type) {
    case MessageType::Refuse:
    case MessageType::SameJob: return 2 * kRare;
    case MessageType::Goodbye:
    case MessageType::Drain:
    case MessageType::JobRefused:
    case MessageType::Attach:
    case MessageType::OutputRoom:
    case MessageType::Retract:
    case MessageType::Returned: return kRare;
    case MessageType::Cancel:
    case MessageType::Query:
    case MessageType::Reply:
    case MessageType::Progress:
    case MessageType::JobProgress:
    case MessageType::Output:
    case MessageType::JobOutput:
    case MessageType::Stop: return 5;
    default: return 1;
  }
}

}  // namespace

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
    clock_.at(arrival(peer.last_up, faults_.delay_max), [this, connection, life = broker_life_] {
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

TimePoint SimNetwork::arrival(TimePoint& last, microseconds delay_max) {
  const auto delay =
      microseconds(static_cast<std::int64_t>(20 + random_() % static_cast<std::uint64_t>(delay_max.count())));
  last = std::max(clock_.now() + delay, last + microseconds(1));
  return last;
}

SimNetwork::Passage SimNetwork::passage(Peer& peer, std::string_view frame) {
  Passage passage{type_of(frame), state_(), Fault::Cut};
  if (!peer.is_cut()) passage.fault = some_fault(passage.type);
  peer.dead = peer.dead || (passage.fault == Fault::Cut && !peer.partitioned);
  coverage_.note(passage.type, passage.state, passage.fault);
  if (passage.fault != Fault::None) ++faults_injected_;
  return passage;
}

Fault SimNetwork::some_fault(MessageType type) {
  const double weight = weight_of(type);
  double draw = std::uniform_real_distribution<double>(0, 1)(random_) / weight;
  const auto is = [&](double chance) { return (draw -= chance) < 0; };
  if (is(faults_.reset)) return Fault::Reset;
  if (weight >= kRare && is(faults_.reset)) return Fault::Cut;
  if (is(faults_.drop)) return Fault::Drop;
  if (is(faults_.duplicate)) return Fault::Duplicate;
  return Fault::None;
}

template <class F>
void SimNetwork::send(const Passage& passage, TimePoint& last, std::string frame, F arrive) {
  const microseconds delay_max = faults_.delay_max * (weight_of(passage.type) < kRare ? 1 : 3);
  const auto one = [&](std::string bytes) {
    clock_.at(arrival(last, delay_max),
              [this, passage, arrive, bytes = std::move(bytes), life = broker_life_] {
                if (life == broker_life_)
                  arrive(bytes);
                else
                  coverage_.note(passage.type, passage.state, Fault::Crash);
              });
  };
  if (passage.copies() == 2) one(frame);
  if (passage.copies() > 0) one(std::move(frame));
}

void SimNetwork::peer_sends(std::uint64_t number, std::string frame) {
  Peer& peer = peers_.at(number);
  if (peer.connection == 0) return;  // as with IMMEDIATE: nothing stale is sent later
  const Passage passage = this->passage(peer, frame);
  if (passage.fault == Fault::Reset) return break_connection(peer, number);
  send(passage, peer.last_up, std::move(frame),
       [this, connection = Connection{peer.port, peer.connection}](const std::string& bytes) {
         to_broker_(connection, bytes);
       });
}

// A connection of its own: when it breaks, what is in flight on it is lost, and no more than that.
void SimNetwork::peer_sends_to_sink(std::uint64_t number, std::string frame) {
  Peer& peer = peers_.at(number);
  if (peer.connection == 0) return;
  const Passage passage = this->passage(peer, frame);
  if (passage.fault == Fault::Reset)
    *std::exchange(peer.sink_connection, std::make_shared<bool>(true)) = false;
  send(passage, peer.last_sink, std::move(frame),
       [this, connection = peer.sink_connection](const std::string& bytes) {
         if (*connection) to_broker_({Port::Sink, 0}, bytes);
       });
}

bool SimNetwork::broker_sends(Connection to, std::string frame) {
  const auto at = by_connection_.find(to);
  if (at == by_connection_.end()) return false;
  const std::uint64_t number = at->second;
  Peer& peer = peers_.at(number);
  const Passage passage = this->passage(peer, frame);
  if (passage.fault == Fault::Reset) return break_connection(peer, number), true;
  send(passage, peer.last_down, std::move(frame), [this, to, number](const std::string& bytes) {
    const auto receiver = peers_.find(number);
    if (receiver == peers_.end() || receiver->second.connection != to.number) return;
    receiver->second.handler(bytes);
  });
  return true;
}

}  // namespace zonda::sim
