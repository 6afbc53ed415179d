// The broker's wire over ZeroMQ: two ROUTER sockets and a PULL socket.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/wire/address.h"
#include "proto/wire/ipc_lock.h"
#include "proto/wire/unsent.h"
#include "proto/wire/wire.h"
#include "proto/wire/wire_counters.h"
#include "proto/wire/zmq_socket.h"

namespace zonda {

struct BrokerWireOptions {
  std::vector<BaseAddress> addresses{};  // all are listened on
  SocketLimits limits{};
  int sink_frames_max = 64;  // per worker; small, so that an unread sink is felt in the workers
  std::size_t unsent_bytes_max = kUnsentBytesMax;  // per connection; beyond, it counts as gone
  std::vector<int> wake_ups{};    // descriptors that end a wait while readable; their owners drain them
  std::optional<KeyPair> keys{};  // then peers need keys that an Admission of this context admits
};

// A connection reported by take_gone() may be heard of again: libzmq cannot turn away a peer, so one that was
// given up because it did not read is still there. Frames to it are dropped until it is reported, and go out
// again after.
class ZmqBrokerWire final : public BrokerWire {
 public:
  // Throws std::runtime_error or std::invalid_argument, with a text for the user, if it cannot listen.
  ZmqBrokerWire(ZmqContext& context, BrokerWireOptions options);

  void add_wake_up(int descriptor);  // one more that ends a wait while readable
  void receive_until(TimePoint deadline, const OnFrame& on_frame) override;
  void send(Connection to, std::string frame) override;
  std::vector<Connection> take_gone() override;
  void read_sink(bool on) override { sink_read_ = on; }

  const std::vector<BaseAddress>& addresses() const { return addresses_; }  // with the ports that were chosen
  std::string front_endpoint() const;  // of the last of them, as this machine reaches it
  const WireCounters& counters() const { return counters_; }

 private:
  struct Lane {
    Port port;
    ZmqSocket socket;
    PortCounters& counters;
    bool ready = false;       // as of the last poll
    bool discarding = false;  // in the rest of a message of several frames
    zmq::message_t id{};
    zmq::message_t frame{};
  };

  Lane& lane(Port port) { return lanes_.at(static_cast<std::size_t>(port) - 1); }
  bool is_read(const Lane& lane) const { return lane.port != Port::Sink || sink_read_; }
  // Found gone; told when all that came from it was read: last words count.
  struct Gone {
    TimePoint since;
    bool is_read = false;
  };

  bool wait(TimePoint deadline);
  void drain(const OnFrame& on_frame);
  int drain_some(Lane& from, int frames_max, const OnFrame& on_frame);
  bool receive_one(Lane& from, const OnFrame& on_frame);
  bool offer(Connection to, zmq::message_t& frame);
  void retry_blocked();
  void give_up(Connection to, std::size_t frames);

  WireCounters counters_;
  std::vector<IpcLock> locks_;  // before the sockets, so that it outlives them
  bool asks_for_keys_;
  std::array<Lane, 3> lanes_;
  std::vector<BaseAddress> addresses_;
  std::vector<zmq::pollitem_t> items_;  // the sockets, then the wake-ups
  std::size_t unsent_bytes_max_;
  std::map<Connection, Unsent> blocked_;
  std::chrono::milliseconds retry_pause_;
  std::map<Connection, Gone> gone_;
  bool sink_read_ = true;
  std::size_t first_lane_ = 0;  // takes turns
};

}  // namespace zonda
