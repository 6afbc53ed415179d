#include "tests/exploration/lane_network.h"

#include <algorithm>

#include "proto/assert.h"
#include "proto/digest.h"
#include "tests/exploration/mix.h"

namespace zonda::sim {

std::uint64_t LaneNetwork::add_peer(Port port, ToPeer handler) {
  Peer& peer = peers_[++last_peer_];
  peer.port = port;
  peer.handler = std::move(handler);
  connect(last_peer_, peer);
  return last_peer_;
}

void LaneNetwork::remove_peer(std::uint64_t number) {
  Peer& peer = peers_.at(number);
  by_connection_.erase({peer.port, peer.connection});
  std::erase_if(waiting_, [&](const Waiting& each) { return each.lane == Lane{number, Way::Down}; });
  peers_.erase(number);
}

void LaneNetwork::connect(std::uint64_t number, Peer& peer) {
  if (!broker_up_) return;
  peer.connection = ++last_connection_;
  by_connection_[{peer.port, peer.connection}] = number;
  push({number, Way::Up}, {peer.port, peer.connection}, {});
}

void LaneNetwork::disconnect(std::uint64_t number, Peer& peer) {
  by_connection_.erase({peer.port, peer.connection});
  peer.connection = 0;
  std::erase_if(waiting_, [&](const Waiting& each) {
    return each.lane.peer == number && (each.lane.way == Way::Up || each.lane.way == Way::Down);
  });
}

void LaneNetwork::reset(std::uint64_t number) {
  Peer& peer = peers_.at(number);
  disconnect(number, peer);
  connect(number, peer);
}

void LaneNetwork::set_broker_up(bool on) {
  broker_up_ = on;
  if (!on) waiting_.clear();
  for (auto& [number, peer] : peers_) on ? connect(number, peer) : disconnect(number, peer);
}

void LaneNetwork::push(Lane lane, Connection connection, std::string bytes) {
  ++sent_;
  const std::uint64_t digest = zonda::digest(bytes);
  waiting_.push_back({lane, connection, std::move(bytes), digest});
}

void LaneNetwork::peer_sends(std::uint64_t number, std::string frame) {
  const Peer& peer = peers_.at(number);
  if (peer.connection != 0) push({number, Way::Up}, {peer.port, peer.connection}, std::move(frame));
}

void LaneNetwork::peer_sends_to_sink(std::uint64_t number, std::string frame) {
  if (peers_.at(number).connection != 0) push({number, Way::Sink}, {Port::Sink, 0}, std::move(frame));
}

bool LaneNetwork::broker_sends(Connection to, std::string frame) {
  const auto at = by_connection_.find(to);
  if (at == by_connection_.end()) return false;
  push({at->second, Way::Down}, to, std::move(frame));
  return true;
}

bool LaneNetwork::is_held(const Lane& lane) const {
  const auto at = held_.find(lane);
  return at != held_.end() && at->second > clock_.now();
}

std::vector<const Waiting*> LaneNetwork::deliverable() const {
  std::vector<const Waiting*> first;
  for (const Waiting& each : waiting_) {
    const bool behind =
        std::any_of(first.begin(), first.end(), [&](const Waiting* f) { return f->lane == each.lane; });
    if (!behind && !is_held(each.lane)) first.push_back(&each);
  }
  return first;
}

std::size_t LaneNetwork::first_on(const Lane& lane) const {
  const auto at =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& each) { return each.lane == lane; });
  ZONDA_ASSERT(at != waiting_.end());
  return static_cast<std::size_t>(at - waiting_.begin());
}

Waiting LaneNetwork::take(const Lane& lane) {
  const std::size_t at = first_on(lane);
  Waiting taken = std::move(waiting_[at]);
  waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(at));
  return taken;
}

// To a connection that broke meanwhile nothing is on its way: disconnect() took it away.
void LaneNetwork::tell_peer(const Waiting& frame) { peers_.at(frame.lane.peer).handler(frame.bytes); }

bool LaneNetwork::has_sync() const {
  return std::any_of(waiting_.begin(), waiting_.end(),
                     [](const Waiting& each) { return each.lane.way == Way::Disk; });
}

std::uint64_t LaneNetwork::digest() const {
  std::uint64_t sum = mix(last_connection_, last_peer_);
  for (const Waiting& each : waiting_) {
    sum = mix(mix(sum, each.lane.peer), static_cast<std::uint64_t>(each.lane.way));
    sum = mix(mix(sum, each.connection.number), each.digest);
  }
  for (const auto& [lane, until] : held_) {
    if (until > clock_.now())
      sum = mix(mix(mix(sum, lane.peer), static_cast<std::uint64_t>(lane.way)), until);
  }
  for (const auto& [number, peer] : peers_) sum = mix(mix(sum, number), peer.connection);
  return sum;
}

}  // namespace zonda::sim
