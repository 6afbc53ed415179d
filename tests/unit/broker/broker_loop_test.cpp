// The broker's loop: nothing is said before it is remembered, and silence is not remembered.
#include "broker/broker_loop.h"

#include <catch2/catch.hpp>

#include "proto/frame.h"
#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;

namespace {

// Hears what a test gives it, and keeps what is said.
class HeldWire final : public BrokerWire {
 public:
  void receive_until(TimePoint, const OnFrame& on_frame) override {
    for (const std::string& frame : std::exchange(arrived, {})) on_frame({Port::Back, 1}, frame);
  }
  void send(Connection, std::string frame) override { said.push_back(std::move(frame)); }
  std::vector<Connection> take_gone() override { return {}; }
  void read_sink(bool on) override { reads_sink = on; }

  std::vector<std::string> arrived, said;
  bool reads_sink = true;
};

// Commits when a test says so.
class HeldStore final : public Store {
 public:
  std::uint64_t commit(std::vector<Record>) override { return ++taken; }
  std::uint64_t committed() const override { return safe; }
  int event_fd() const override { return -1; }
  std::string failure() const override { return broken; }
  bool is_nearly_full() const override { return false; }
  void replay(std::uint64_t, const std::function<void(Record&)>&) override {}
  void read(const PayloadName&) override {}
  std::vector<Payload> take_read() override { return {}; }

  std::uint64_t taken = 0, safe = 0;
  std::string broken;
};

struct LoopFixture {
  explicit LoopFixture(const BrokerConfig& config = {}) : core(config) {
    Hello hello = BrokerFixture::worker_hello({}, 1);
    hello.attempt = 1;
    wire.arrived.push_back(encode(Header{}, hello));  // a worker joins: there is something to remember
    loop.turn();
  }
  BrokerCore core;
  HeldWire wire;
  HeldStore store;
  BrokerLoop loop{core, wire, store, [](const std::string&) {}};
};

}  // namespace

TEST_CASE("a frame waits until what it says is safe") {
  LoopFixture fixture;
  CHECK(fixture.wire.said.empty());
  fixture.store.safe = fixture.store.taken;
  fixture.loop.turn();
  CHECK(fixture.wire.said.size() == 1);
}

TEST_CASE("a turn that has nothing to say commits nothing, though others wait") {
  LoopFixture fixture;
  REQUIRE(fixture.store.taken == 1);
  for (int turns = 0; turns < 10; ++turns) fixture.loop.turn();
  CHECK(fixture.store.taken == 1);
}

TEST_CASE("outcomes wait in the workers while more waits for the disk than may") {
  BrokerConfig config;
  config.memory_limit = 1'024;  // the record of a worker is a quarter of it
  LoopFixture fixture(config);
  fixture.loop.turn();
  CHECK_FALSE(fixture.wire.reads_sink);
  fixture.store.safe = fixture.store.taken;
  fixture.loop.turn();
  CHECK(fixture.wire.reads_sink);
}

TEST_CASE("a store that fails ends the loop, and nothing more is said") {
  LoopFixture fixture;
  fixture.store.broken = "no space left";
  CHECK_THROWS_WITH(fixture.loop.turn(), "no space left");
  CHECK(fixture.wire.said.empty());
}
