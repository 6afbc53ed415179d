#include "proto/wire/zmq_peer_wire.h"

#include <stdexcept>
#include <utility>

#include "proto/wire/greeting.h"

namespace zonda {
namespace {

constexpr int kClosedMax = 3;
constexpr std::chrono::milliseconds kGreetsWithin{500};

Denial mechanisms_differ(bool has_keys) {
  return {HandshakeFailure::Mechanism,
          has_keys ? "the broker has no keys, and this is one" : "the broker admits nobody without a key"};
}

}  // namespace

ZmqPeerWire::ZmqPeerWire(ZmqContext& context, PeerWireOptions options)
    : context_(context), options_(std::move(options)), lane_(connected_lane()) {}

ZmqSocket ZmqPeerWire::connected_lane() {
  return connected(zmq::socket_type::dealer, options_.address, options_.limits.frames_max);
}

ZmqSocket ZmqPeerWire::connected(zmq::socket_type type, const std::string& address, int frames_max) {
  SocketLimits limits = options_.limits;
  limits.frames_max = frames_max;
  ZmqSocket socket(context_, type, limits);
  if (options_.keys) socket.show_key(*options_.keys);
  if (type == zmq::socket_type::dealer && options_.tells_denials) socket.watch_handshakes(context_);
  const int error = socket.connect(address);
  if (error != 0) {
    throw std::invalid_argument("cannot connect to \"" + address + "\": " + zmq_strerror(error));
  }
  return socket;
}

void ZmqPeerWire::receive_until(TimePoint deadline, const OnFrame& on_frame) {
  const std::size_t waiting = unsent_.count();
  unsent_.offer([this](zmq::message_t& frame) { return offer(frame); });
  const bool sent = unsent_.count() < waiting;
  wait(sent ? TimePoint::min() : deadline);
  if (!sent) unsent_.offer([this](zmq::message_t& frame) { return offer(frame); });
  receive_all(on_frame);
}

// The lane is watched for room only while frames wait: a dealer without a connection has none, so this does
// not spin.
void ZmqPeerWire::wait(TimePoint deadline) {
  items_.clear();
  const short room = unsent_.empty() ? 0 : ZMQ_POLLOUT;
  items_.push_back(lane_.poll_item(static_cast<short>(ZMQ_POLLIN | room)));
  const bool watch_sink = sink_full_ && sink_.has_value();
  if (watch_sink) items_.push_back(sink_->poll_item(ZMQ_POLLOUT));
  for (const int descriptor : options_.wake_ups) items_.push_back({nullptr, descriptor, ZMQ_POLLIN, 0});
  poll_until(deadline, items_.data(), items_.size());
  if (watch_sink && items_[1].revents != 0) sink_full_ = false;
}

void ZmqPeerWire::receive_all(const OnFrame& on_frame) {
  for (int frames = 0; frames < kTurnFramesMax && lane_.receive(frame_); ++frames) {
    const bool was_discarding = std::exchange(discarding_, frame_.more());
    if (was_discarding) continue;
    if (discarding_) {
      ++counters_.multipart_dropped;
      continue;
    }
    lane_.ignore_handshakes();
    closed_ = 0;
    ++counters_.front.frames_in;
    counters_.front.bytes_in += frame_.size();
    on_frame(arrived(frame_));
  }
}

void ZmqPeerWire::send(std::string frame) {
  zmq::message_t message = to_message(std::move(frame));
  if (unsent_.empty() && offer(message)) return;
  unsent_.push(std::move(message));
  if (unsent_.bytes() <= options_.unsent_bytes_max) return;
  ++counters_.overflowed;
  reconnect();
}

bool ZmqPeerWire::offer(zmq::message_t& frame) {
  const std::size_t size = frame.size();
  if (lane_.send(frame) != ZmqSocket::Sent::Yes) {
    ++counters_.full;
    return false;
  }
  ++counters_.front.frames_out;
  counters_.front.bytes_out += size;
  return true;
}

void ZmqPeerWire::reconnect() {
  counters_.unreachable += unsent_.count();
  unsent_.clear();
  discarding_ = false;
  closed_ = 0;
  lane_.discard_on_close();
  lane_ = connected_lane();
}

// A broker that is just being started or stopped ends handshakes, too, but not one after the other. Who does
// not see why is told by the broker's greeting.
std::optional<Denial> ZmqPeerWire::take_denial() {
  const std::optional<HandshakeFailure> failure = lane_.handshake_failure();
  if (!failure) return std::nullopt;
  const bool has_keys = options_.keys.has_value();
  switch (*failure) {
    case HandshakeFailure::Refused: return Denial{*failure, "the broker does not admit this key"};
    case HandshakeFailure::Mechanism: return mechanisms_differ(has_keys);
    case HandshakeFailure::Closed: break;
  }
  if (++closed_ == 1) return std::nullopt;
  const std::string mechanism = greeted_mechanism(context_, options_.address, kGreetsWithin);
  if (mechanism == (has_keys ? "NULL" : "CURVE")) return mechanisms_differ(has_keys);
  if (closed_ < kClosedMax) return std::nullopt;
  if (mechanism.empty())
    return Denial{*failure, "the handshake ends: what listens there does not greet as a broker does"};
  return Denial{*failure,
                has_keys
                    ? "the handshake ends without a reason: the broker may have another key than is expected"
                    : "the handshake ends without a reason"};
}

void ZmqPeerWire::connect_sink(const std::string& address) {
  ZmqSocket next = connected(zmq::socket_type::push, address, options_.sink_frames_max);
  if (sink_.has_value()) sink_->discard_on_close();
  sink_ = std::move(next);
  sink_full_ = false;
}

bool ZmqPeerWire::send_to_sink(std::string&& frame) {
  if (!sink_.has_value() || sink_full_) return false;
  zmq::message_t message = to_message(std::move(frame));
  const std::size_t size = message.size();
  if (sink_->send(message) != ZmqSocket::Sent::Yes) {
    frame = bytes_of(message);
    ++counters_.full;
    sink_full_ = true;
    return false;
  }
  ++counters_.sink.frames_out;
  counters_.sink.bytes_out += size;
  return true;
}

}  // namespace zonda
