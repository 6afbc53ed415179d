// One libzmq socket with Zonda's options. cppzmq sets it up; frames go through the C API, where an empty,
// full or dead lane is a value, not an exception.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "proto/arrived_frame.h"
#include "proto/keys/key_pair.h"
#include "proto/wire/denial.h"
#include "proto/wire/zmq_context.h"

namespace zonda {

struct SocketLimits {
  std::int64_t frame_bytes_max = 17 << 20;  // a larger one costs its sender the connection
  int frames_max = 256;                     // per connection and direction; credits keep peers far below it
  std::chrono::milliseconds linger{1000};   // for what was sent when the socket is closed
};

class ZmqSocket {
 public:
  // Router and pull are the broker's and bind; dealer and push connect.
  ZmqSocket(ZmqContext& context, zmq::socket_type type, const SocketLimits& limits);
  ZmqSocket(ZmqSocket&&) = default;
  ZmqSocket& operator=(ZmqSocket&& other) noexcept;
  ~ZmqSocket() { ignore_handshakes(); }

  // Before it is bound: nobody without a key is heard, and an Admission says whose keys count. Before it is
  // connected: shows a key, and speaks to nobody but the broker. All that is sent is encrypted (CURVE).
  void require_keys(const KeyPair& broker);
  void show_key(const CurveKeys& keys);

  // From then on handshake_failure() tells what went wrong since the last call, if anything did.
  void watch_handshakes(ZmqContext& context);
  void ignore_handshakes() noexcept;
  std::optional<HandshakeFailure> handshake_failure();

  int bind(const std::string& endpoint);     // 0 or errno
  int connect(const std::string& endpoint);  // 0 or errno
  void unbind();                             // what was bound last
  std::string last_endpoint() const;         // the same, with its numbers
  void discard_on_close();                   // no linger

  enum class Sent : std::uint8_t { Yes, Full, Gone };
  // `frame` is empty afterwards if it was sent and untouched if not.
  Sent send(zmq::message_t& frame);
  Sent send_to(std::uint32_t connection, zmq::message_t& frame);  // router only

  // The next part of a message; false if nothing is there.
  bool receive(zmq::message_t& part);

  zmq::pollitem_t poll_item(short events) { return {socket_.handle(), 0, events, 0}; }

 private:
  void set_bound_options();
  void set_connected_options();
  void set_key(int option, const std::array<std::uint8_t, kKeyBytes>& key);

  zmq::socket_t socket_;
  zmq::socket_t
      monitor_;  // libzmq's thread waits for ever to tell one that is closed: see ignore_handshakes()
};

// Frames of some size are handed over without a copy; libzmq's I/O thread frees them.
zmq::message_t to_message(std::string frame);

inline std::string_view bytes_of(const zmq::message_t& message) {
  return {static_cast<const char*>(message.data()), message.size()};
}
ArrivedFrame arrived(zmq::message_t& message);
// The key that its sender proved to have, as text. Only of a socket that requires keys: on others libzmq
// passes on what the sender claims. Valid as long as the message.
std::string_view sender_of(const zmq::message_t& message);

// libzmq numbers connections itself: a zero byte, then 32 bits. Peers that name themselves have other ids.
bool is_numbered(std::string_view routing_id);
std::uint32_t connection_number(std::string_view routing_id);

// Waits until one of the items is ready or the deadline has passed (then it still looks once). False: none is
// ready.
bool poll_until(std::chrono::steady_clock::time_point deadline, zmq::pollitem_t* items, std::size_t count);

}  // namespace zonda
