// What the simulated broker, workers and clients need of a network.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "proto/wire/wire.h"

namespace zonda::sim {

class Network {
 public:
  using ToBroker = std::function<void(Connection, std::string_view)>;
  using ToPeer = std::function<void(std::string_view)>;

  virtual ~Network() = default;
  // A peer process appears: it connects by itself, now and after every break, until it is removed.
  virtual std::uint64_t add_peer(Port port, ToPeer handler) = 0;
  virtual void remove_peer(std::uint64_t peer) = 0;  // its process died: what it sent may still arrive
  virtual void reset(std::uint64_t peer) = 0;
  virtual void set_broker_up(bool on) = 0;  // down: all connections break, and none is made
  virtual void peer_sends(std::uint64_t peer, std::string frame) = 0;
  virtual void peer_sends_to_sink(std::uint64_t peer, std::string frame) = 0;
  virtual bool broker_sends(Connection to, std::string frame) = 0;  // false: that connection is gone
};

}  // namespace zonda::sim
