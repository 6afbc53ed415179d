// Carries frames; knows nothing of what is in them. Two implementations: zmq_broker_wire.h and
// zmq_peer_wire.h over ZeroMQ sockets, and the simulated network of tests/simulation. Each object belongs to
// one thread.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/arrived_frame.h"
#include "proto/limits.h"
#include "proto/wire/denial.h"

namespace zonda {

using TimePoint = std::chrono::steady_clock::time_point;

// The broker's sockets. Front: clients. Back: workers. Sink: results, one way.
enum class Port : std::uint8_t { Front = 1, Back = 2, Sink = 3 };

// One connection of one peer to a port of the broker, as long as it lasts; a peer that reconnects has
// another. On the sink, where a sender cannot be told, it is just the port.
struct Connection {
  Port port = Port::Front;
  std::uint32_t number = 0;

  friend auto operator<=>(const Connection&, const Connection&) = default;
};

// The broker's end of all connections.
class BrokerWire {
 public:
  // An empty frame says: a new connection.
  using OnFrame = std::function<void(Connection from, ArrivedFrame frame)>;

  virtual ~BrokerWire() = default;

  // Waits until something arrives, a wake-up descriptor is readable or the deadline passes; then calls
  // `on_frame` for what is there, at most kTurnFramesMax frames, fairly between the ports.
  virtual void receive_until(TimePoint deadline, const OnFrame& on_frame) = 0;
  // Never blocks. Frames to one connection leave in order; those a full connection does not take are kept and
  // retried in later turns. Frames to a connection that is gone are dropped and it is reported below.
  virtual void send(Connection to, std::string frame) = 0;
  // Connections found gone (each once), after what had come from them was read. A hint, not proof: the peer
  // may be back on another one.
  virtual std::vector<Connection> take_gone() = 0;
  // While false, the sink is not read: results wait in the workers.
  virtual void read_sink(bool on) = 0;
};

// A worker's or a client's end: one two-way lane to the broker and, for workers, one lane to its sink.
class PeerWire {
 public:
  using OnFrame = std::function<void(ArrivedFrame frame)>;

  virtual ~PeerWire() = default;

  virtual void receive_until(TimePoint deadline, const OnFrame& on_frame) = 0;
  // Never blocks; in order; what the lane does not take now is kept and retried in later turns.
  virtual void send(std::string frame) = 0;
  // Connects the sink lane, or moves it to another address. Frames that wait are discarded.
  virtual void connect_sink(const std::string& address) = 0;
  // False if the lane does not take the frame now; then it stays as it is.
  virtual bool send_to_sink(std::string&& frame) = 0;
  // Forgets what waits to be sent on the two-way lane: a new session re-states everything.
  virtual void discard_unsent() = 0;
  // Gives up the connection of the two-way lane for a new one, and what waits to be sent. For one that is
  // dead without knowing it: what is in between forgot it, and nothing tells the ends.
  virtual void reconnect() = 0;
  // Why no connection comes about, if that was learned since the last call. After one that is certain it
  // takes a reconnect() to try again.
  virtual std::optional<Denial> take_denial() { return std::nullopt; }
};

inline constexpr int kTurnFramesMax = 256;

// Of frames that wait for a full lane: the largest message, with all its pieces, and some more.
inline constexpr std::size_t kUnsentBytesMax = kPayloadBytesMax + kFrameBytesMax + (64 << 20);

}  // namespace zonda
