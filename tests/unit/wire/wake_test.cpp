#include "proto/wire/wake.h"

#include <poll.h>

#include <catch2/catch.hpp>
#include <thread>

#include "proto/wire/descriptor_limit.h"
#include "tests/unit/wire/wire_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

bool readable(const Wake& wake) {
  pollfd item{wake.descriptor(), POLLIN, 0};
  return poll(&item, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a wake lasts until it is drained, and several count as one") {
  const Wake wake;
  CHECK_FALSE(readable(wake));
  wake.wake();
  wake.wake();
  CHECK(readable(wake));
  CHECK(readable(wake));
  wake.drain();
  CHECK_FALSE(readable(wake));
  wake.drain();  // does not block
}

TEST_CASE("another thread ends the waits of both ends") {
  WireFixture f;
  const Wake wake;
  BrokerWireOptions options = f.local();
  options.wake_ups = {wake.descriptor()};
  BrokerEnd broker(f.context, options);
  PeerEnd peer(f.context, {.address = broker.endpoint(Port::Back), .wake_ups = {wake.descriptor()}});
  WireFixture::meet(broker, peer);
  broker.heard.clear();

  const TimePoint before = in(0ms);
  {
    std::jthread other([&] { wake.wake(); });
    broker.turn(20s);
  }
  peer.turn(20s);  // still readable: nobody drained it
  CHECK(in(0ms) - before < 10s);
  CHECK(broker.heard.empty());
  CHECK(peer.heard.empty());
}

TEST_CASE("the descriptor limit ends at the hard one") {
  const std::uint64_t limit = raise_descriptor_limit();
  CHECK(limit > 0);
  CHECK(raise_descriptor_limit() == limit);
}
