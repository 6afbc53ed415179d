#include "proto/wire/zmq_socket.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>

namespace zonda {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kCopyBelow = 16 * 1024;  // below, a copy is cheaper than an allocation freed elsewhere
constexpr std::size_t kRoutingIdSize = 5;
constexpr const char* kZapDomain = "zonda";
constexpr int kZapEnforceDomain = 93;  // without it libzmq admits any key if nobody answers for them

[[noreturn]] void fail(const char* call) {
  throw std::runtime_error(std::string(call) + ": " + zmq_strerror(zmq_errno()));
}

// libzmq's own jitter does not grow with its back-off, so that without this all peers of a restarted broker
// would come back in the same tenth of a second, again and again.
int reconnect_interval_ms() {
  static const int chosen =
      std::uniform_int_distribution<int>(100, 300)(*std::make_unique<std::random_device>());
  return chosen;
}

bool is_bound(zmq::socket_type type) {
  return type == zmq::socket_type::router || type == zmq::socket_type::pull;
}

std::array<char, kRoutingIdSize> routing_id(std::uint32_t number) {
  std::array<char, kRoutingIdSize> id{};
  for (int i = 0; i < 4; ++i) id[1 + i] = static_cast<char>(number >> (24 - 8 * i));
  return id;
}

int endpoint_needs_ipv6(const std::string& endpoint) {
  return endpoint.find('[') == std::string::npos ? 0 : 1;
}

// Rounded up, so that a wait never ends before its deadline and spins.
long milliseconds_until(steady_clock::time_point deadline) {
  const auto now = steady_clock::now();
  if (deadline <= now) return 0;
  if (deadline == steady_clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now);
  return static_cast<long>(std::min<std::int64_t>(left.count(), 1'000'000'000));
}

}  // namespace

ZmqSocket::ZmqSocket(ZmqContext& context, zmq::socket_type type, const SocketLimits& limits)
    : socket_(context.handle(), type) {
  socket_.set(zmq::sockopt::maxmsgsize, limits.frame_bytes_max);
  socket_.set(zmq::sockopt::sndhwm, limits.frames_max);
  socket_.set(zmq::sockopt::rcvhwm, limits.frames_max);
  socket_.set(zmq::sockopt::linger, static_cast<int>(limits.linger.count()));
  socket_.set(zmq::sockopt::sndtimeo, 0);
  // A peer whose machine vanished is found by the kernel. ZMQ_HEARTBEAT_* would abort the process in
  // libzmq 4.3.4 when a heartbeat fails while reading is stopped by a high-water mark.
  socket_.set(zmq::sockopt::tcp_keepalive, 1);
  socket_.set(zmq::sockopt::tcp_keepalive_idle, 30);
  socket_.set(zmq::sockopt::tcp_keepalive_intvl, 10);
  socket_.set(zmq::sockopt::tcp_keepalive_cnt, 3);
  is_bound(type) ? set_bound_options() : set_connected_options();
  if (type == zmq::socket_type::router) {
    socket_.set(zmq::sockopt::router_mandatory, 1);  // a frame nobody takes is an error, not silence
    socket_.set(zmq::sockopt::router_handover, 0);
  }
  // Each new connection announces itself with an empty frame.
  if (type == zmq::socket_type::dealer) socket_.set(zmq::sockopt::probe_router, 1);
}

void ZmqSocket::set_bound_options() {
  socket_.set(zmq::sockopt::backlog, 4096);
  socket_.set(zmq::sockopt::handshake_ivl, 3000);
}

void ZmqSocket::set_connected_options() {
  socket_.set(zmq::sockopt::immediate, 1);  // nothing is queued for a broker that is not there
  socket_.set(zmq::sockopt::reconnect_ivl, reconnect_interval_ms());
  socket_.set(zmq::sockopt::reconnect_ivl_max, 10'000);
  socket_.set(zmq::sockopt::connect_timeout, 5000);
}

void ZmqSocket::set_key(int option, const std::array<std::uint8_t, kKeyBytes>& key) {
  if (zmq_setsockopt(socket_.handle(), option, key.data(), key.size()) != 0) fail("zmq_setsockopt: a key");
}

void ZmqSocket::require_keys(const KeyPair& broker) {
  const int on = 1;
  socket_.set(zmq::sockopt::curve_server, on);
  set_key(ZMQ_CURVE_SECRETKEY, broker.secret.bytes);
  socket_.set(zmq::sockopt::zap_domain, kZapDomain);
  if (zmq_setsockopt(socket_.handle(), kZapEnforceDomain, &on, sizeof on) != 0)
    fail("zmq_setsockopt: ZMQ_ZAP_ENFORCE_DOMAIN");
}

void ZmqSocket::show_key(const CurveKeys& keys) {
  set_key(ZMQ_CURVE_SERVERKEY, keys.broker.bytes);
  set_key(ZMQ_CURVE_PUBLICKEY, keys.own.public_key.bytes);
  set_key(ZMQ_CURVE_SECRETKEY, keys.own.secret.bytes);
}

void ZmqSocket::watch_handshakes(ZmqContext& context) {
  static std::atomic<std::uint64_t> number = 0;
  const std::string address = "inproc://zonda.handshakes." + std::to_string(++number);
  constexpr int kFailures = ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                            ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
  if (zmq_socket_monitor(socket_.handle(), address.c_str(), kFailures) != 0) fail("zmq_socket_monitor");
  monitor_ = zmq::socket_t(context.handle(), zmq::socket_type::pair);
  monitor_.set(zmq::sockopt::linger, 0);
  monitor_.set(zmq::sockopt::rcvhwm, 0);  // a full one would stop libzmq's thread
  monitor_.connect(address);
}

ZmqSocket& ZmqSocket::operator=(ZmqSocket&& other) noexcept {
  ignore_handshakes();
  socket_ = std::move(other.socket_);
  monitor_ = std::move(other.monitor_);
  return *this;
}

// What is told stops before who hears it goes.
void ZmqSocket::ignore_handshakes() noexcept {
  if (!monitor_) return;
  zmq_socket_monitor(socket_.handle(), nullptr, 0);
  monitor_.close();
}

// An event is a frame of a number and a value, and one with an address. Of several the last that has a reason
// counts: where two ends do not fit, either may find out first, and the other sees no more than an end.
std::optional<HandshakeFailure> ZmqSocket::handshake_failure() {
  std::optional<HandshakeFailure> failure;
  zmq::message_t part;
  while (monitor_ && monitor_.recv(part, zmq::recv_flags::dontwait)) {
    std::uint16_t event = 0;
    std::uint32_t value = 0;
    if (part.size() >= sizeof event + sizeof value) {
      std::memcpy(&event, part.data(), sizeof event);
      std::memcpy(&value, static_cast<const char*>(part.data()) + sizeof event, sizeof value);
    }
    while (part.more() && monitor_.recv(part, zmq::recv_flags::dontwait)) {
    }
    const bool is_mismatch =
        event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL && value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH;
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
      failure = HandshakeFailure::Refused;
    else if (is_mismatch)
      failure = HandshakeFailure::Mechanism;
    else
      failure = failure.value_or(HandshakeFailure::Closed);
  }
  return failure;
}

int ZmqSocket::bind(const std::string& endpoint) {
  socket_.set(zmq::sockopt::ipv6, endpoint_needs_ipv6(endpoint));
  return zmq_bind(socket_.handle(), endpoint.c_str()) == 0 ? 0 : zmq_errno();
}

int ZmqSocket::connect(const std::string& endpoint) {
  socket_.set(zmq::sockopt::ipv6, endpoint_needs_ipv6(endpoint));
  return zmq_connect(socket_.handle(), endpoint.c_str()) == 0 ? 0 : zmq_errno();
}

void ZmqSocket::unbind() {
  if (zmq_unbind(socket_.handle(), last_endpoint().c_str()) != 0) fail("zmq_unbind");
}

std::string ZmqSocket::last_endpoint() const { return socket_.get(zmq::sockopt::last_endpoint); }

void ZmqSocket::discard_on_close() { socket_.set(zmq::sockopt::linger, 0); }

ZmqSocket::Sent ZmqSocket::send(zmq::message_t& frame) {
  while (zmq_msg_send(frame.handle(), socket_.handle(), ZMQ_DONTWAIT) < 0) {
    switch (zmq_errno()) {
      case EINTR: continue;
      case EAGAIN: return Sent::Full;
      case EHOSTUNREACH: return Sent::Gone;
      default: fail("zmq_msg_send");
    }
  }
  return Sent::Yes;
}

ZmqSocket::Sent ZmqSocket::send_to(std::uint32_t connection, zmq::message_t& frame) {
  const auto id = routing_id(connection);
  while (zmq_send(socket_.handle(), id.data(), id.size(), ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) {
    switch (zmq_errno()) {
      case EINTR: continue;
      case EAGAIN: return Sent::Full;
      case EHOSTUNREACH: return Sent::Gone;
      default: fail("zmq_send");
    }
  }
  return send(frame);  // the pipe was checked with the id: this part always goes
}

bool ZmqSocket::receive(zmq::message_t& part) {
  while (zmq_msg_recv(part.handle(), socket_.handle(), ZMQ_DONTWAIT) < 0) {
    if (zmq_errno() == EAGAIN) return false;
    if (zmq_errno() != EINTR) fail("zmq_msg_recv");
  }
  return true;
}

zmq::message_t to_message(std::string frame) {
  if (frame.size() < kCopyBelow) return zmq::message_t(frame.data(), frame.size());
  auto owner = std::make_unique<std::string>(std::move(frame));
  zmq::message_t message(
      owner->data(), owner->size(), [](void*, void* hint) { delete static_cast<std::string*>(hint); },
      owner.get());
  owner.release();
  return message;
}

ArrivedFrame arrived(zmq::message_t& message) {
  return {message, [](const zmq::message_t& from) { return bytes_of(from); }};
}

std::string_view sender_of(const zmq::message_t& message) {
  const char* key = zmq_msg_gets(message.handle(), "User-Id");
  return key == nullptr ? std::string_view() : key;
}

bool is_numbered(std::string_view routing_id) {
  return routing_id.size() == kRoutingIdSize && routing_id.front() == '\0';
}

std::uint32_t connection_number(std::string_view routing_id) {
  std::uint32_t number = 0;
  for (std::size_t i = 1; i < kRoutingIdSize; ++i) {
    number = (number << 8) | static_cast<unsigned char>(routing_id[i]);
  }
  return number;
}

bool poll_until(steady_clock::time_point deadline, zmq::pollitem_t* items, std::size_t count) {
  for (;;) {
    const long timeout = milliseconds_until(deadline);
    const int ready = zmq_poll(items, static_cast<int>(count), timeout);
    if (ready > 0) return true;
    if (ready < 0 && zmq_errno() != EINTR) fail("zmq_poll");
    if (ready == 0 && timeout >= 0 && milliseconds_until(deadline) == 0) return false;
  }
}

}  // namespace zonda
