#include "proto/wire/greeting.h"

#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/wire/raw_tcp.h"
#include "tests/unit/wire/wire_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

// Hangs up on who goes on after the first ten bytes, before the reason is read, as libzmq may; who waits is
// greeted, and waited for in turn.
class HangsUp {
 public:
  explicit HangsUp(std::string greeting) : greeting_(std::move(greeting)), thread_([this] { serve(); }) {}
  ~HangsUp() {
    listener_.stop();
    thread_.join();
  }
  std::string endpoint() const { return "tcp://127.0.0.1:" + std::to_string(listener_.port()); }

 private:
  void serve() {
    while (const std::optional<RawTcp> caller = listener_.accept()) {
      if (caller->hear().size() <= 10) continue;
      caller->say(greeting_);
      while (!caller->hear().empty()) {
      }
    }
  }

  std::string greeting_;
  RawListener listener_;
  std::thread thread_;
};

struct Greets : WireFixture {
  std::string mechanism(const std::string& endpoint) { return greeted_mechanism(context, endpoint, 20s); }
};

}  // namespace

TEST_CASE_METHOD(Greets, "a listener's greeting says whether it wants keys") {
  BrokerWireOptions options = local();
  BrokerEnd open(context, options);
  options.keys = new_key_pair();
  BrokerEnd guarded(context, options);
  for (const Port port : {Port::Front, Port::Back, Port::Sink}) {
    CHECK(mechanism(open.endpoint(port)) == "NULL");
    CHECK(mechanism(guarded.endpoint(port)) == "CURVE");
  }
}

TEST_CASE_METHOD(Greets, "so it does over ipc") {
  TempDir directory;
  BrokerWireOptions options = local("ipc://" + directory.path());
  options.keys = new_key_pair();
  BrokerEnd guarded(context, options);
  CHECK(mechanism(guarded.endpoint(Port::Back)) == "CURVE");
}

TEST_CASE_METHOD(Greets, "who greets otherwise, or not to the end, or is not there says nothing") {
  HangsUp web("HTTP/1.1 400 Bad Request\r\n\r\nnothing here for you");
  CHECK(mechanism(web.endpoint()).empty());
  HangsUp brief(RawTcp::greeting("CURVE").substr(0, 20));
  CHECK(greeted_mechanism(context, brief.endpoint(), 50ms).empty());
  CHECK(greeted_mechanism(context, "tcp://127.0.0.1:1", 50ms).empty());
}

TEST_CASE_METHOD(Greets, "a peer without a key learns that one is wanted even if it is hung up on before") {
  HangsUp broker(RawTcp::greeting("CURVE"));
  PeerEnd peer(context, {.address = broker.endpoint(), .tells_denials = true});
  std::optional<Denial> denial;
  REQUIRE(
      repeat_until([&] { return (denial = peer.wire->take_denial()).has_value(); }, [&] { peer.turn(1ms); }));
  CHECK(denial->text == "the broker admits nobody without a key");
  CHECK(denial->is_certain());
}
