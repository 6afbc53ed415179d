#include "proto/wire/zmq_broker_wire.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "tests/unit/wire/wire_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

// Sends until nothing between the two ends takes any more: both queues and the kernel's buffers are full.
void fill_lane(PeerEnd& peer, std::size_t frame_size) {
  const WireCounters& counters = peer.wire->counters();
  for (std::uint64_t before = 0; counters.front.frames_out > before || before == 0;) {
    before = counters.front.frames_out;
    for (const std::uint64_t full = counters.full; counters.full == full;) {
      peer.wire->send(std::string(frame_size, 'x'));
    }
    peer.turn(100ms);
    peer.wire->discard_unsent();
  }
}

void fill_sink(PeerEnd& peer, std::size_t frame_size) {
  const std::string frame(frame_size, 'x');
  for (std::uint64_t before = 0; peer.wire->counters().sink.frames_out > before || before == 0;) {
    before = peer.wire->counters().sink.frames_out;
    while (peer.wire->send_to_sink(std::string(frame))) {
    }
    peer.turn(100ms);
  }
}

}  // namespace

TEST_CASE("frames travel both ways, on tcp and on ipc") {
  WireFixture f;
  TempDir dir;
  for (const std::string& address : {std::string("tcp://127.0.0.1:0"), "ipc://" + dir.path()}) {
    for (const Port port : {Port::Front, Port::Back}) {
      CAPTURE(address, static_cast<int>(port));
      BrokerEnd broker(f.context, f.local(address));
      PeerEnd peer = f.peer_of(broker, port);
      const Connection connection = WireFixture::meet(broker, peer);
      CHECK(connection.port == port);

      peer.wire->send("hello");
      REQUIRE(WireFixture::turn_until(broker, peer, [&] { return broker.heard.size() == 2; }));
      CHECK(broker.heard[1].from == connection);
      CHECK(broker.heard[1].frame == "hello");

      broker.wire->send(connection, "welcome");
      REQUIRE(WireFixture::turn_until(broker, peer, [&] { return !peer.heard.empty(); }));
      CHECK(peer.heard == std::vector<std::string>{"welcome"});
      CHECK(broker.gone.empty());
    }
  }
}

TEST_CASE("frames of every size arrive whole and in order") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd peer = f.peer_of(broker);
  const Connection connection = WireFixture::meet(broker, peer);
  std::vector<std::string> sent;
  for (const std::size_t size : {1, 33, 34, 255, 256, 8192, 16383, 16384, 65536, 8 << 20, 2}) {
    sent.push_back(numbered(sent.size(), size));
    peer.wire->send(sent.back());
    broker.wire->send(connection, sent.back());
  }
  REQUIRE(WireFixture::turn_until(broker, peer, [&] {
    return broker.frames(Port::Back).size() == sent.size() && peer.heard.size() == sent.size();
  }));
  CHECK(broker.frames(Port::Back) == sent);
  CHECK(peer.heard == sent);
  const std::uint64_t frames = sent.size();
  CHECK(broker.wire->counters().back.frames_out == frames);
  CHECK(broker.wire->counters().back.bytes_out == broker.wire->counters().back.bytes_in);
  CHECK(broker.wire->counters().back.frames_in == frames + 1);  // and the announcement
  CHECK(peer.wire->counters().front.frames_in == frames);
  CHECK(peer.wire->counters().front.frames_out == frames);
}

TEST_CASE("each peer is another connection and hears only its own frames") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd one = f.peer_of(broker);
  const Connection to_one = WireFixture::meet(broker, one);
  PeerEnd two = f.peer_of(broker);
  const Connection to_two = WireFixture::meet(broker, two);
  CHECK(to_one != to_two);

  broker.wire->send(to_two, "for two");
  broker.wire->send(to_one, "for one");
  REQUIRE(WireFixture::turn_until(broker, one, [&] { return !one.heard.empty(); }));
  REQUIRE(WireFixture::turn_until(broker, two, [&] { return !two.heard.empty(); }));
  CHECK(one.heard == std::vector<std::string>{"for one"});
  CHECK(two.heard == std::vector<std::string>{"for two"});
}

TEST_CASE("a connection that is gone is reported once, and again when it is sent to again") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  std::optional<PeerEnd> peer(f.peer_of(broker));
  const Connection connection = WireFixture::meet(broker, *peer);
  peer.reset();

  REQUIRE(WireFixture::repeat_until([&] { return !broker.gone.empty(); },
                                    [&] {
                                      broker.wire->send(connection, "still there?");
                                      broker.wire->send(connection, "really?");
                                      broker.turn(1ms);
                                    }));
  CHECK(broker.gone == std::vector{connection});
  CHECK(broker.wire->take_gone().empty());
  CHECK(broker.wire->counters().unreachable == 2);

  broker.gone.clear();
  broker.wire->send(connection, "anybody?");
  broker.turn(10s);
  CHECK(broker.gone == std::vector{connection});
  CHECK(broker.wire->take_gone().empty());
}

TEST_CASE("a connection found gone is told at once, not when the next frame comes") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  broker.wire->send({Port::Back, 12345}, "to nobody");
  const TimePoint began = in(0ms);
  broker.turn(10s);
  CHECK(in(0ms) - began < 5s);
  CHECK(broker.gone == std::vector{Connection{Port::Back, 12345}});
}

TEST_CASE("a connection is gone when all that came from it was read, and not before") {
  WireFixture f;
  BrokerWireOptions options = f.local();
  options.limits.frames_max = 1 << 24;  // never full, so that sending alone finds it gone
  BrokerEnd broker(f.context, options);
  std::optional<PeerEnd> peer(f.peer_of(broker));
  const Connection connection = WireFixture::meet(broker, *peer);
  broker.heard.clear();
  const std::vector<std::string> last_words = numbered_run(3 * kTurnFramesMax, 64);
  for (const std::string& word : last_words) peer->wire->send(word);
  REQUIRE(WireFixture::repeat_until([&] { return !peer->wire->has_unsent(); }, [&] { peer->turn(1ms); }));
  peer.reset();
  REQUIRE(WireFixture::repeat_until([&] { return broker.wire->counters().unreachable > 0; },
                                    [&] { broker.wire->send(connection, "still there?"); }));
  while (broker.gone.empty()) {
    CHECK(broker.frames(connection.port).size() <= last_words.size());
    broker.turn(10s);
  }
  CHECK((broker.frames(connection.port) == last_words));  // not expanded
  CHECK(broker.gone == std::vector{connection});
}

TEST_CASE("a connection that takes nothing more and then dies is told at once") {
  WireFixture f;
  BrokerWireOptions options = f.local();
  options.limits.frames_max = 4;
  BrokerEnd broker(f.context, options);
  std::optional<PeerEnd> peer(f.peer_of(broker));
  const Connection connection = WireFixture::meet(broker, *peer);
  for (int n = 0; n < 400; ++n) broker.wire->send(connection, std::string(65'536, 'x'));  // nobody reads
  REQUIRE(broker.wire->counters().full > 0);
  peer.reset();
  const TimePoint began = in(0ms);
  broker.turn(20s);
  CHECK(in(0ms) - began < 10s);
  CHECK(broker.gone == std::vector{connection});
}

TEST_CASE("the largest message waits for a full lane as a whole, with all its pieces") {
  CHECK(BrokerWireOptions{}.unsent_bytes_max > kPayloadBytesMax + kFrameBytesMax);
  CHECK(PeerWireOptions{}.unsent_bytes_max > kPayloadBytesMax + kFrameBytesMax);
}

TEST_CASE("a connection that never was counts as gone") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  broker.wire->send({Port::Front, 12345}, "hello?");
  broker.turn(10s);
  CHECK(broker.gone == std::vector{Connection{Port::Front, 12345}});
}

TEST_CASE("a peer that does not read loses nothing, keeps its order and blocks no other") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd slow = f.peer_of(broker);
  const Connection to_slow = WireFixture::meet(broker, slow);
  PeerEnd quick = f.peer_of(broker);
  const Connection to_quick = WireFixture::meet(broker, quick);

  const std::vector<std::string> sent = numbered_run(4000, 8192);
  for (const std::string& frame : sent) broker.wire->send(to_slow, frame);
  CHECK(broker.wire->counters().full > 0);
  CHECK(broker.wire->counters().back.frames_out < sent.size());

  broker.wire->send(to_quick, "not for you to wait");
  REQUIRE(WireFixture::turn_until(broker, quick, [&] { return quick.heard.size() == 1; }));

  REQUIRE(WireFixture::turn_until(broker, slow, [&] { return slow.heard.size() == sent.size(); }));
  CHECK((slow.heard == sent));  // not expanded: 32 MiB
  CHECK(broker.gone.empty());
}

TEST_CASE("a peer that lets too much pile up counts as gone, and can be sent to afresh") {
  WireFixture f;
  BrokerWireOptions options = f.local();
  options.limits.frames_max = 4;
  options.unsent_bytes_max = 1 << 20;
  BrokerEnd broker(f.context, options);
  PeerEnd peer = f.peer_of(broker);
  const Connection connection = WireFixture::meet(broker, peer);

  std::size_t sent = 0;
  for (; broker.wire->counters().overflowed == 0; ++sent)
    broker.wire->send(connection, numbered(sent, 65536));
  broker.wire->send(connection, "dropped as well");
  broker.turn(10s);
  CHECK(broker.gone == std::vector{connection});
  const std::size_t delivered = broker.wire->counters().back.frames_out;
  CHECK(broker.wire->counters().unreachable == sent - delivered + 1);

  broker.wire->send(connection, "afresh");
  REQUIRE(WireFixture::turn_until(broker, peer,
                                  [&] { return !peer.heard.empty() && peer.heard.back() == "afresh"; }));
  std::vector<std::string> expected = numbered_run(delivered, 65536);
  expected.push_back("afresh");
  CHECK((peer.heard == expected));
}

TEST_CASE("a flooded port leaves the others their share of each turn") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd client = f.peer_of(broker, Port::Front);
  WireFixture::meet(broker, client);
  PeerEnd worker = f.peer_of(broker, Port::Back);
  WireFixture::meet(broker, worker);
  worker.wire->connect_sink(broker.endpoint(Port::Sink));
  fill_lane(client, 4096);
  fill_lane(worker, 4096);
  fill_sink(worker, 4096);

  broker.heard.clear();
  broker.turn(0ms);
  CHECK(broker.heard.size() == kTurnFramesMax);
  CHECK(broker.frames(Port::Front).size() >= 64);
  CHECK(broker.frames(Port::Back).size() >= 64);
  CHECK(broker.frames(Port::Sink).size() >= 32);
}

TEST_CASE("a sink that is not read stops its workers and loses nothing") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd worker = f.peer_of(broker);
  WireFixture::meet(broker, worker);
  worker.wire->connect_sink(broker.endpoint(Port::Sink));
  broker.wire->read_sink(false);

  std::size_t accepted = 0;
  const auto push = [&] {
    std::string frame = numbered(accepted, 16384);
    for (; worker.wire->send_to_sink(std::move(frame)); frame = numbered(accepted, 16384)) ++accepted;
    CHECK((frame == numbered(accepted, 16384)));  // which was not taken
    worker.turn(100ms);                           // returns early when the sink takes more
  };
  for (std::size_t before = 0; accepted > before || accepted == 0;) {
    before = accepted;
    push();
    broker.turn(0ms);
  }
  CHECK(broker.frames(Port::Sink).empty());
  CHECK(accepted > 64);

  broker.wire->read_sink(true);
  REQUIRE(WireFixture::repeat_until([&] { return broker.frames(Port::Sink).size() == accepted; },
                                    [&] { broker.turn(1ms); }));
  CHECK((broker.frames(Port::Sink) == numbered_run(accepted, 16384)));
  CHECK(broker.heard.back().from == Connection{Port::Sink, 0});
}

TEST_CASE("a large frame that gives up its memory outlives the frames after it") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd peer = f.peer_of(broker);
  const Connection connection = WireFixture::meet(broker, peer);
  const std::vector<std::string> sent = numbered_run(40, 100'000);
  for (const std::string& frame : sent) {
    peer.wire->send(frame);
    broker.wire->send(connection, frame);
  }
  std::vector<Slab> at_broker;
  std::vector<Slab> at_peer;
  const auto keep = [](ArrivedFrame& frame, std::vector<Slab>& kept) {
    const std::string_view bytes = frame.bytes();
    if (bytes.empty()) return;
    kept.push_back(frame.give_up(bytes.size()));
    CHECK(kept.back().view().data() == bytes.data());
  };
  REQUIRE(WireFixture::repeat_until(
      [&] { return at_broker.size() == sent.size() && at_peer.size() == sent.size(); },
      [&] {
        broker.wire->receive_until(in(1ms), [&](Connection, ArrivedFrame frame) { keep(frame, at_broker); });
        peer.wire->receive_until(in(1ms), [&](ArrivedFrame frame) { keep(frame, at_peer); });
      }));
  for (std::size_t at = 0; at < sent.size(); ++at) {
    CHECK((at_broker[at].view() == sent[at]));
    CHECK((at_peer[at].view() == sent[at]));
  }
}

TEST_CASE("a handler that pauses the sink is obeyed within the turn") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd worker = f.peer_of(broker);
  WireFixture::meet(broker, worker);
  worker.wire->connect_sink(broker.endpoint(Port::Sink));
  fill_sink(worker, 64);

  int heard = 0;
  broker.wire->receive_until(in(20s), [&](Connection, std::string_view) {
    ++heard;
    broker.wire->read_sink(false);
  });
  CHECK(heard == 1);
}

TEST_CASE("a deadline that has passed still hears what is there") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd peer = f.peer_of(broker);
  WireFixture::meet(broker, peer);
  peer.wire->send("late");
  int heard = 0;
  REQUIRE(WireFixture::repeat_until(
      [&] { return heard == 1; },
      [&] { broker.wire->receive_until(TimePoint::min(), [&](Connection, std::string_view) { ++heard; }); }));
}
