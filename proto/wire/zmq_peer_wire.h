// A peer's wire over ZeroMQ: a DEALER socket to one port of the broker and, for workers, a PUSH socket to its
// sink.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/wire/unsent.h"
#include "proto/wire/wire.h"
#include "proto/wire/wire_counters.h"
#include "proto/wire/zmq_socket.h"

namespace zonda {

struct PeerWireOptions {
  std::string address{};  // of the front or the back, as BaseAddress::endpoint() writes it
  SocketLimits limits{};
  int sink_frames_max = 64;
  std::size_t unsent_bytes_max = kUnsentBytesMax;
  std::vector<int> wake_ups{};      // descriptors that end a wait while readable; their owners drain them
  bool tells_denials = false;       // costs two sockets more, until something is heard
  std::optional<CurveKeys> keys{};  // of a broker that requires them
};

// Connects by itself, again and again, unless its handshake is denied: then reconnect() tries anew. What the
// broker was sent before a connection broke may be lost; it hears an empty frame from each new connection and
// answers it.
//
// receive_until() also returns early when waiting frames went out, and once after a refused send_to_sink()
// when the sink takes frames again.
class ZmqPeerWire final : public PeerWire {
 public:
  // Throws std::invalid_argument if the address cannot be used; whether someone listens there shows later.
  ZmqPeerWire(ZmqContext& context, PeerWireOptions options);

  void receive_until(TimePoint deadline, const OnFrame& on_frame) override;
  // If more waits than the options allow, all of it is dropped and the lane starts over on a new connection,
  // as if the old one had broken: order is never broken by leaving out single frames.
  void send(std::string frame) override;
  void connect_sink(const std::string& address) override;  // throws std::invalid_argument
  bool send_to_sink(std::string&& frame) override;         // false also before connect_sink()
  void discard_unsent() override { unsent_.clear(); }
  void reconnect() override;
  std::optional<Denial> take_denial() override;

  bool has_unsent() const { return !unsent_.empty(); }  // the lane is full
  const WireCounters& counters() const { return counters_; }

 private:
  ZmqSocket connected(zmq::socket_type type, const std::string& address, int frames_max);
  ZmqSocket connected_lane();
  bool offer(zmq::message_t& frame);
  void wait(TimePoint deadline);
  void receive_all(const OnFrame& on_frame);

  ZmqContext& context_;
  PeerWireOptions options_;
  WireCounters counters_;
  ZmqSocket lane_;
  std::optional<ZmqSocket> sink_;
  std::vector<zmq::pollitem_t> items_;  // the lane, the sink if it was full, the wake-ups
  Unsent unsent_;
  bool sink_full_ = false;
  bool discarding_ = false;  // in the rest of a message of several frames
  int closed_ = 0;           // handshakes that ended without a reason, one after the other
  zmq::message_t frame_;
};

}  // namespace zonda
