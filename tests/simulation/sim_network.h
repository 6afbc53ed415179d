// The network between one broker and its peers. A connection is two or three lanes; frames on a lane arrive
// in order, unless a fault drops or doubles them; lanes are not ordered with each other. A connection breaks
// without telling the peers: the broker notices when it sends, a peer connects again after a while, as over
// ZeroMQ. After a partition some connections carry nothing any more, which nobody is told.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "tests/simulation/coverage.h"
#include "tests/simulation/network.h"
#include "tests/simulation/sim_clock.h"

namespace zonda::sim {

struct Faults {
  double drop = 0;       // a frame is lost
  double duplicate = 0;  // a frame arrives twice
  double reset = 0;      // the connection breaks when a frame is sent
  microseconds delay_max{2'000};
};

class SimNetwork final : public Network {
 public:
  SimNetwork(SimClock& clock, std::mt19937_64& random, Coverage& coverage)
      : clock_(clock), random_(random), coverage_(coverage) {}

  void set_broker(ToBroker handler) { to_broker_ = std::move(handler); }
  void set_broker_state(std::function<BrokerState()> state) { state_ = std::move(state); }
  void set_faults(const Faults& faults) { faults_ = faults; }

  std::uint64_t add_peer(Port port, ToPeer handler) override;
  void remove_peer(std::uint64_t peer) override;
  void partition(std::uint64_t peer, bool on);
  void reset(std::uint64_t peer) override;
  void set_broker_up(bool on) override;

  void peer_sends(std::uint64_t peer, std::string frame) override;
  void peer_sends_to_sink(std::uint64_t peer, std::string frame) override;
  bool broker_sends(Connection to, std::string frame) override;

  std::uint64_t faults_injected() const { return faults_injected_; }

 private:
  struct Peer {
    Port port = Port::Front;
    ToPeer handler;
    std::uint32_t connection = 0;  // 0: not connected
    bool partitioned = false;
    bool dead = false;  // what is in between forgot this connection
    bool is_cut() const { return partitioned || dead; }
    std::shared_ptr<bool> sink_connection = std::make_shared<bool>(true);
    TimePoint last_up{}, last_down{}, last_sink{};  // arrival of the last frame on each lane
  };

  void connect(std::uint64_t peer);
  void break_connection(Peer& peer, std::uint64_t number);
  TimePoint arrival(TimePoint& last, microseconds delay_max);
  // A frame on its way: what it is, when it was sent, and what becomes of it.
  struct Passage {
    MessageType type;
    BrokerState state;
    Fault fault;
    int copies() const { return fault == Fault::None ? 1 : fault == Fault::Duplicate ? 2 : 0; }
  };
  Passage passage(Peer& peer, std::string_view frame);
  Fault some_fault(MessageType type);
  // Calls arrive(frame) at that time, unless the broker ends before.
  template <class F>
  void send(const Passage& passage, TimePoint& last, std::string frame, F arrive);

  SimClock& clock_;
  std::mt19937_64& random_;
  Coverage& coverage_;
  ToBroker to_broker_;
  std::function<BrokerState()> state_ = [] { return BrokerState::Serving; };
  bool broker_up_ = false;
  std::uint64_t broker_life_ = 0;
  Faults faults_;
  std::map<std::uint64_t, Peer> peers_;
  std::map<Connection, std::uint64_t> by_connection_;
  std::uint64_t last_peer_ = 0;
  std::uint32_t last_connection_ = 0;
  std::uint64_t faults_injected_ = 0;
};

}  // namespace zonda::sim
