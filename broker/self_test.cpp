#include "broker/self_test.h"

#include <chrono>
#include <optional>
#include <stdexcept>

#include "proto/wire/zmq_peer_wire.h"

namespace zonda {
namespace {

constexpr std::chrono::seconds kWithin{5};
constexpr std::chrono::milliseconds kLook{5};

}  // namespace

void require_closed_door(ZmqContext& context, const std::string& endpoint, const CurveKeys& stranger) {
  PeerWireOptions options;
  options.address = endpoint;
  options.tells_denials = true;
  options.keys = stranger;
  ZmqPeerWire wire(context, options);
  wire.send("?");  // leaves as soon as there is a connection
  bool is_admitted = false;
  const TimePoint end = std::chrono::steady_clock::now() + kWithin;
  while (!is_admitted && std::chrono::steady_clock::now() < end) {
    wire.receive_until(std::chrono::steady_clock::now() + kLook,
                       [&](std::string_view) { is_admitted = true; });
    is_admitted = is_admitted || !wire.has_unsent();
    const std::optional<Denial> denial = wire.take_denial();
    if (!is_admitted && denial && denial->why == HandshakeFailure::Refused) return;
  }
  throw std::runtime_error(is_admitted ? "the self-test failed: " + endpoint + " admits any key"
                                       : "the self-test failed: no answer at " + endpoint);
}

}  // namespace zonda
