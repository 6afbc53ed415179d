#include "proto/wire/admission.h"

#include <catch2/catch.hpp>

#include "tests/unit/wire/wire_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

const KeyPair kBroker = new_key_pair();

std::shared_ptr<const AuthorizedKeys> only(const std::vector<KeyPair>& pairs, const std::string& more = {}) {
  std::string text;
  for (const KeyPair& pair : pairs)
    text += "worker " + to_string(pair.public_key) + " w" + std::to_string(text.size()) + more + "\n";
  std::vector<std::string> complaints;
  auto keys = std::make_shared<AuthorizedKeys>(AuthorizedKeys::parse(text, complaints));
  if (!complaints.empty()) throw std::logic_error(complaints.front());
  return keys;
}

// A broker that admits one key.
struct Guarded : WireFixture {
  BrokerWireOptions guarded() const {
    BrokerWireOptions options = local();
    options.keys = kBroker;
    return options;
  }
  PeerEnd peer_with(std::optional<CurveKeys> keys, Port port = Port::Back) {
    return PeerEnd(context,
                   {.address = broker.endpoint(port), .tells_denials = true, .keys = std::move(keys)});
  }
  // What it is told instead of being connected.
  std::string denial(PeerEnd& peer) {
    std::optional<Denial> denial;
    CHECK(turn_until(broker, peer, [&] { return (denial = peer.wire->take_denial()).has_value(); }));
    CHECK(broker.newcomers().empty());
    return denial ? denial->text : "";
  }

  KeyPair known = new_key_pair();
  Admission admission{context, only({known})};
  BrokerEnd broker{context, guarded()};
};

}  // namespace

TEST_CASE_METHOD(Guarded, "who has a key is heard, and every frame says whose it is") {
  PeerEnd peer = peer_with(CurveKeys{known, kBroker.public_key});
  peer.wire->connect_sink(broker.endpoint(Port::Sink));
  peer.wire->send("hello");
  std::vector<std::pair<Port, std::string>> senders;
  bool sunk = false;
  REQUIRE(repeat_until([&] { return senders.size() == 3; },
                       [&] {
                         sunk = sunk || peer.wire->send_to_sink("result");
                         peer.turn(1ms);
                         broker.wire->receive_until(in(1ms), [&](Connection from, ArrivedFrame frame) {
                           senders.emplace_back(from.port, frame.sender());
                         });
                       }));
  for (const auto& [port, sender] : senders) CHECK(sender == to_string(known.public_key));
  CHECK(std::count_if(senders.begin(), senders.end(),
                      [](const auto& each) { return each.first == Port::Sink; }) == 1);
  CHECK_FALSE(peer.wire->take_denial());
}

TEST_CASE_METHOD(Guarded, "a key that is not in the list is refused, told so, and counted") {
  const KeyPair stranger = new_key_pair();
  PeerEnd peer = peer_with(CurveKeys{stranger, kBroker.public_key});
  CHECK(denial(peer) == "the broker does not admit this key");
  std::vector<Admission::Refusal> refusals;
  CHECK(admission.take_refusals(refusals) >= 1);
  REQUIRE_FALSE(refusals.empty());
  CHECK(refusals.front().key == stranger.public_key);
  CHECK(refusals.front().address == "127.0.0.1");
  CHECK(refusals.front().reason == "unknown");
  CHECK(admission.take_refusals(refusals) == 0);
  CHECK(refusals.empty());
}

TEST_CASE_METHOD(Guarded, "a key that has expired is refused") {
  const KeyPair late = new_key_pair();
  admission.set_keys(only({late}, " expires=2000-01-01T00:00:00Z"));
  PeerEnd peer = peer_with(CurveKeys{late, kBroker.public_key});
  CHECK(denial(peer) == "the broker does not admit this key");
  std::vector<Admission::Refusal> refusals;
  admission.take_refusals(refusals);
  REQUIRE_FALSE(refusals.empty());
  CHECK(refusals.front().reason == "expired");
}

TEST_CASE_METHOD(Guarded, "nobody without a key gets in") {
  PeerEnd peer = peer_with(std::nullopt);
  CHECK(denial(peer) == "the broker admits nobody without a key");
}

TEST_CASE_METHOD(Guarded, "who expects another broker speaks to none") {
  PeerEnd peer = peer_with(CurveKeys{known, new_key_pair().public_key});
  CHECK(denial(peer) ==
        "the handshake ends without a reason: the broker may have another key than is expected");
}

TEST_CASE("a broker without keys takes none") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd peer(f.context, {.address = broker.endpoint(Port::Back),
                           .tells_denials = true,
                           .keys = CurveKeys{new_key_pair(), kBroker.public_key}});
  std::optional<Denial> denial;
  REQUIRE(
      WireFixture::turn_until(broker, peer, [&] { return (denial = peer.wire->take_denial()).has_value(); }));
  CHECK(denial->text == "the broker has no keys, and this is one");
}

TEST_CASE_METHOD(Guarded, "a key counts from when it is in the list, and who is connected stays") {
  const KeyPair other = new_key_pair();
  PeerEnd first = peer_with(CurveKeys{known, kBroker.public_key});
  const Connection connection = meet(broker, first);
  admission.set_keys(only({other}));
  PeerEnd second = peer_with(CurveKeys{other, kBroker.public_key});
  meet(broker, second);
  broker.wire->send(connection, "still there");
  REQUIRE(turn_until(broker, first, [&] { return !first.heard.empty(); }));
}

TEST_CASE_METHOD(Guarded, "who was denied gets in with a new connection once its key counts") {
  const KeyPair late = new_key_pair();
  PeerEnd peer = peer_with(CurveKeys{late, kBroker.public_key});
  CHECK_FALSE(denial(peer).empty());
  admission.set_keys(only({late}));
  peer.wire->reconnect();
  meet(broker, peer);
  CHECK_FALSE(peer.wire->take_denial());
}

TEST_CASE("without an Admission nobody gets in") {
  WireFixture f;
  BrokerWireOptions options = f.local();
  options.keys = kBroker;
  BrokerEnd broker(f.context, options);
  PeerEnd peer(f.context, {.address = broker.endpoint(Port::Back),
                           .tells_denials = true,
                           .keys = CurveKeys{new_key_pair(), kBroker.public_key}});
  REQUIRE(WireFixture::turn_until(broker, peer,
                                  [&] { return peer.wire->take_denial() || !broker.newcomers().empty(); }));
  CHECK(broker.newcomers().empty());
}

TEST_CASE_METHOD(Guarded, "a peer that is denied may begin anew at any time") {
  PeerEnd peer = peer_with(CurveKeys{new_key_pair(), kBroker.public_key});
  for (int times = 0; times < 50; ++times) {
    peer.turn(1ms);
    peer.wire->reconnect();  // while libzmq may have something to tell of the last
  }
  CHECK_FALSE(denial(peer).empty());
}

TEST_CASE("before a key is refused its list is looked at again") {
  WireFixture f;
  const KeyPair late = new_key_pair();
  Admission* admission = nullptr;
  Admission looking(f.context, only({}), [&] { admission->set_keys(only({late})); });
  admission = &looking;
  BrokerWireOptions options = f.local();
  options.keys = kBroker;
  BrokerEnd broker(f.context, options);
  PeerEnd peer(f.context, {.address = broker.endpoint(Port::Back),
                           .tells_denials = true,
                           .keys = CurveKeys{late, kBroker.public_key}});
  WireFixture::meet(broker, peer);
  CHECK_FALSE(peer.wire->take_denial());
}
