#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

namespace zonda {

void BrokerFixture::authorises(const std::string& list) {
  std::vector<std::string> complaints;
  const auto keys = std::make_shared<AuthorizedKeys>(AuthorizedKeys::parse(list, complaints));
  REQUIRE(complaints.empty());
  turn([&] { core_->set_keys(keys, now(), effects_); });
}

void BrokerFixture::hear(const PeerState& peer, Connection from, std::string_view frame) {
  ArrivedFrame arrived(frame);
  arrived.set_sender(peer.key);
  core_->handle(from, std::move(arrived), now(), effects_);
}

}  // namespace zonda
