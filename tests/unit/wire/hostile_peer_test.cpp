#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/wire/raw_tcp.h"
#include "tests/unit/wire/wire_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

void send_parts(zmq::socket_t& socket, int parts, std::string_view part) {
  for (int i = 1; i <= parts; ++i) {
    const auto flags = i < parts ? zmq::send_flags::sndmore : zmq::send_flags::none;
    REQUIRE(socket.send(zmq::buffer(part), flags).has_value());
  }
}

std::string random_bytes(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::vector<std::string> garbage() {
  std::mt19937 random(7);
  std::vector<std::string> all{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", std::string(4096, '\0'),
                               std::string(4096, '\xff'), RawTcp::greeting()};
  for (const std::size_t size : {1, 10, 64, 1000, 100000}) {
    all.push_back(random_bytes(random, size));
    all.push_back(RawTcp::greeting() + random_bytes(random, size));
  }
  // A long frame of 2^62 bytes, and a command that claims more than it has.
  all.push_back(RawTcp::greeting() + std::string("\2\x40\0\0\0\0\0\0\0hello", 14));
  using namespace std::string_literals;
  all.push_back(RawTcp::greeting() + "\4\x29\5READY\x0bSocket-Type\0\0\0\xff"s + "DEALER");
  return all;
}

std::vector<std::string> frames_from(const BrokerEnd& broker, Connection connection) {
  std::vector<std::string> found;
  for (const Heard& each : broker.heard) {
    if (each.from == connection && !each.frame.empty()) found.push_back(each.frame);
  }
  return found;
}

}  // namespace

TEST_CASE("garbage on any port harms no other peer") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd worker = f.peer_of(broker);
  const Connection connection = WireFixture::meet(broker, worker);
  const std::uint16_t base = broker.wire->addresses().front().port;
  std::vector<std::unique_ptr<RawTcp>> open;  // half of them stay connected
  std::size_t round = 0;
  for (const std::string& bytes : garbage()) {
    for (const int offset : {0, 1, 2}) {
      auto stranger = std::make_unique<RawTcp>(static_cast<std::uint16_t>(base + offset));
      stranger->say(bytes);
      if (round % 2 == 0) open.push_back(std::move(stranger));
    }
    worker.wire->send(numbered(round, 10));
    broker.wire->send(connection, numbered(round, 10));
    ++round;
    REQUIRE(WireFixture::turn_until(broker, worker, [&] {
      return worker.heard.size() == round && frames_from(broker, connection).size() == round;
    }));
  }
  // Some garbage is heard as frames: ZMTP 1.0 is spoken without a handshake. Telling it apart is the
  // decoder's work.
  CHECK(worker.heard == numbered_run(round, 10));
  CHECK(frames_from(broker, connection) == numbered_run(round, 10));
  CHECK(broker.gone.empty());
}

TEST_CASE("messages of several frames are dropped whole and counted, on every port") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  for (const Port port : {Port::Front, Port::Back, Port::Sink}) {
    CAPTURE(static_cast<int>(port));
    const std::uint64_t before = broker.wire->counters().multipart_dropped;
    const auto type = port == Port::Sink ? zmq::socket_type::push : zmq::socket_type::dealer;
    zmq::socket_t stranger(f.context.handle(), type);
    stranger.set(zmq::sockopt::linger, 0);
    stranger.connect(broker.endpoint(port));
    send_parts(stranger, 2, "two");
    send_parts(stranger, 5000, "many");
    send_parts(stranger, 2, "");
    send_parts(stranger, 1, "one");
    REQUIRE(
        WireFixture::repeat_until([&] { return !broker.frames(port).empty(); }, [&] { broker.turn(1ms); }));
    CHECK(broker.frames(port) == std::vector<std::string>{"one"});
    CHECK(broker.wire->counters().multipart_dropped == before + 3);
  }
}

TEST_CASE("a message of very many frames takes many turns, so that others are heard") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  zmq::socket_t stranger(f.context.handle(), zmq::socket_type::dealer);
  stranger.set(zmq::sockopt::linger, 0);
  stranger.connect(broker.endpoint(Port::Back));
  send_parts(stranger, 100 * kTurnFramesMax, "");
  send_parts(stranger, 1, "end");
  REQUIRE(WireFixture::repeat_until([&] { return broker.wire->counters().multipart_dropped == 1; },
                                    [&] { broker.turn(1ms); }));
  CHECK(broker.frames(Port::Back).empty());
  int turns = 0;
  REQUIRE(WireFixture::repeat_until([&] { return !broker.frames(Port::Back).empty(); },
                                    [&] {
                                      broker.turn(1ms);
                                      ++turns;
                                    }));
  CHECK(turns >= 99);
}

TEST_CASE("a peer that named itself is not listened to") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  zmq::socket_t stranger(f.context.handle(), zmq::socket_type::dealer);
  stranger.set(zmq::sockopt::linger, 0);
  stranger.set(zmq::sockopt::routing_id, "admin");
  stranger.connect(broker.endpoint(Port::Front));
  send_parts(stranger, 1, "it is me");
  REQUIRE(WireFixture::repeat_until([&] { return broker.wire->counters().named_peer_dropped == 1; },
                                    [&] { broker.turn(1ms); }));
  CHECK(broker.heard.empty());
}

TEST_CASE("a peer drops messages of several frames as well") {
  WireFixture f;
  zmq::socket_t stranger(f.context.handle(), zmq::socket_type::dealer);  // needs no address to answer
  stranger.set(zmq::sockopt::linger, 0);
  TempDir dir;
  stranger.bind("ipc://" + dir.path() + "/back");
  PeerEnd peer(f.context, {.address = "ipc://" + dir.path() + "/back"});
  peer.wire->send("hello");
  REQUIRE(WireFixture::repeat_until([&] { return peer.wire->counters().front.frames_out == 1; },
                                    [&] { peer.turn(1ms); }));
  send_parts(stranger, 3, "three");
  send_parts(stranger, 1, "one");
  REQUIRE(WireFixture::repeat_until([&] { return !peer.heard.empty(); }, [&] { peer.turn(1ms); }));
  CHECK(peer.heard == std::vector<std::string>{"one"});
  CHECK(peer.wire->counters().multipart_dropped == 1);
}

TEST_CASE("a frame over the limit costs its sender the connection and nobody else anything") {
  WireFixture f;
  BrokerWireOptions options = f.local();
  options.limits.frame_bytes_max = 1 << 20;
  BrokerEnd broker(f.context, options);
  PeerEnd greedy = f.peer_of(broker);
  WireFixture::meet(broker, greedy);
  PeerEnd modest = f.peer_of(broker);
  const Connection connection = WireFixture::meet(broker, modest);

  greedy.wire->send(std::string(1 << 20, 'x'));  // exactly the limit
  REQUIRE(WireFixture::turn_until(broker, greedy, [&] { return broker.frames(Port::Back).size() == 1; }));
  greedy.wire->send(std::string((1 << 20) + 1, 'x'));
  WireFixture::meet(broker, greedy);  // it was thrown out and is back
  modest.wire->send("still here");
  REQUIRE(WireFixture::turn_until(broker, modest, [&] { return broker.frames(Port::Back).size() == 2; }));
  CHECK(broker.heard.back().from == connection);
  CHECK(broker.heard.back().frame == "still here");
}
