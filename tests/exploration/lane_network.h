// A network where nothing arrives by itself: frames wait on their lanes until the explorer takes one. A peer
// has a lane up, one down and, if it is a worker, one to the sink; the sync of the broker's disk waits in the
// same line, so that "the oldest" means something.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "tests/simulation/network.h"
#include "tests/simulation/sim_clock.h"

namespace zonda::sim {

enum class Way : char { Up = 'u', Down = 'd', Sink = 's', Disk = 'y' };

struct Lane {
  std::uint64_t peer = 0;
  Way way = Way::Disk;

  friend auto operator<=>(const Lane&, const Lane&) = default;
};

struct Waiting {
  Lane lane;
  Connection connection;
  std::string bytes;  // empty: a connection is new
  std::uint64_t digest = 0;
};

class LaneNetwork final : public Network {
 public:
  explicit LaneNetwork(SimClock& clock) : clock_(clock) {}

  std::uint64_t add_peer(Port port, ToPeer handler) override;
  void remove_peer(std::uint64_t peer) override;
  void reset(std::uint64_t peer) override;  // what is on its lanes up and down is lost; it connects again
  void set_broker_up(bool on) override;     // down: all that is on its way is lost
  void peer_sends(std::uint64_t peer, std::string frame) override;
  void peer_sends_to_sink(std::uint64_t peer, std::string frame) override;
  bool broker_sends(Connection to, std::string frame) override;

  // The first of each lane that is not held, oldest first. Pointers are good until something is sent or
  // taken.
  std::vector<const Waiting*> deliverable() const;
  Waiting take(const Lane& lane);
  Waiting copy(const Lane& lane) const { return waiting_[first_on(lane)]; }
  void hold(const Lane& lane, TimePoint until) { held_[lane] = until; }
  bool is_held(const Lane& lane) const;
  void tell_peer(const Waiting& frame);
  void sync_waits() { push({}, {}, {}); }
  bool has_sync() const;

  std::uint64_t sent() const { return sent_; }
  std::uint64_t last_peer() const { return last_peer_; }
  std::uint64_t digest() const;

 private:
  struct Peer {
    Port port = Port::Front;
    ToPeer handler;
    std::uint32_t connection = 0;  // 0: not connected
  };

  void connect(std::uint64_t number, Peer& peer);
  void disconnect(std::uint64_t number, Peer& peer);
  void push(Lane lane, Connection connection, std::string bytes);
  std::size_t first_on(const Lane& lane) const;

  SimClock& clock_;
  std::vector<Waiting> waiting_;  // on all lanes, oldest first
  std::map<Lane, TimePoint> held_;
  std::map<std::uint64_t, Peer> peers_;
  std::map<Connection, std::uint64_t> by_connection_;
  bool broker_up_ = false;
  std::uint64_t last_peer_ = 0;
  std::uint32_t last_connection_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace zonda::sim
