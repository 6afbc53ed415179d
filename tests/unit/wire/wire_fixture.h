// Both ends of real wires on this machine, turned by hand until something is true: no test waits for a while.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "proto/wire/zmq_broker_wire.h"
#include "proto/wire/zmq_peer_wire.h"

namespace zonda {

inline TimePoint in(std::chrono::milliseconds wait) { return std::chrono::steady_clock::now() + wait; }

class TempDir {
 public:
  TempDir() {
    char path[] = "/tmp/zonda-wire-XXXXXX";
    if (mkdtemp(path) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = path;
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Heard {
  Connection from;
  std::string frame;
};

// A broker's wire that remembers what it heard and what it found gone.
struct BrokerEnd {
  BrokerEnd(ZmqContext& context, BrokerWireOptions options)
      : wire(std::make_unique<ZmqBrokerWire>(context, std::move(options))) {}

  void turn(std::chrono::milliseconds wait) {
    wire->receive_until(in(wait), [this](Connection from, std::string_view frame) {
      heard.push_back({from, std::string(frame)});
    });
    for (const Connection& each : wire->take_gone()) gone.push_back(each);
  }
  std::string endpoint(Port port) const { return wire->addresses().front().endpoint(port); }
  // What was heard on a port, without the announcements of new connections.
  std::vector<std::string> frames(Port port) const {
    std::vector<std::string> found;
    for (const Heard& each : heard) {
      if (each.from.port == port && !each.frame.empty()) found.push_back(each.frame);
    }
    return found;
  }
  std::vector<Connection> newcomers() const {
    std::vector<Connection> found;
    for (const Heard& each : heard) {
      if (each.frame.empty()) found.push_back(each.from);
    }
    return found;
  }

  std::unique_ptr<ZmqBrokerWire> wire;
  std::vector<Heard> heard;
  std::vector<Connection> gone;
};

struct PeerEnd {
  PeerEnd(ZmqContext& context, PeerWireOptions options)
      : wire(std::make_unique<ZmqPeerWire>(context, std::move(options))) {}

  void turn(std::chrono::milliseconds wait) {
    wire->receive_until(in(wait), [this](std::string_view frame) { heard.emplace_back(frame); });
  }

  std::unique_ptr<ZmqPeerWire> wire;
  std::vector<std::string> heard;
};

struct WireFixture {
  static constexpr auto kPatience = std::chrono::seconds(20);

  BrokerWireOptions local(const std::string& address = "tcp://127.0.0.1:0") const {
    BrokerWireOptions options;
    options.addresses = {parse_address(address)};
    return options;
  }

  // Starts a broker where one has just ended: libzmq frees the port a little later, on its own thread.
  BrokerEnd restart_broker(const BaseAddress& address) {
    const TimePoint deadline = in(kPatience);
    for (;;) {
      try {
        return BrokerEnd(context, local(address.text()));
      } catch (const std::runtime_error&) {
        if (std::chrono::steady_clock::now() > deadline) throw;
      }
    }
  }

  PeerEnd peer_of(const BrokerEnd& broker, Port port = Port::Back) {
    PeerWireOptions options;
    options.address = broker.endpoint(port);
    return PeerEnd(context, options);
  }

  // Turns both ends until it is true; false when patience ends.
  template <class Condition>
  static bool turn_until(BrokerEnd& broker, PeerEnd& peer, Condition condition) {
    return repeat_until(condition, [&] {
      broker.turn(std::chrono::milliseconds(1));
      peer.turn(std::chrono::milliseconds(1));
    });
  }

  template <class Condition, class Turn>
  static bool repeat_until(Condition condition, Turn turn) {
    const TimePoint deadline = in(kPatience);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      turn();
    }
    return true;
  }

  // The connection of a peer that has just been created.
  static Connection meet(BrokerEnd& broker, PeerEnd& peer) {
    const std::size_t before = broker.newcomers().size();
    if (!turn_until(broker, peer, [&] { return broker.newcomers().size() > before; })) {
      throw std::runtime_error("the peer did not connect");
    }
    return broker.newcomers().back();
  }

  ZmqContext context;
};

// Frames that tell their place, padded to a size.
inline std::string numbered(std::size_t number, std::size_t size) {
  std::string frame = std::to_string(number) + ":";
  frame.resize(std::max(size, frame.size()), 'x');
  return frame;
}

inline std::vector<std::string> numbered_run(std::size_t count, std::size_t size) {
  std::vector<std::string> run;
  for (std::size_t i = 0; i < count; ++i) run.push_back(numbered(i, size));
  return run;
}

}  // namespace zonda
