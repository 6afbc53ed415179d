#include "proto/wire/zmq_peer_wire.h"

#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "tests/unit/wire/wire_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

// Of the whole process, libzmq's threads included.
std::chrono::microseconds cpu_time() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

}  // namespace

TEST_CASE("a peer finds a restarted broker, which hears a new connection first") {
  WireFixture f;
  BrokerEnd first(f.context, f.local());
  const BaseAddress address = first.wire->addresses().front();
  PeerEnd peer = f.peer_of(first);
  WireFixture::meet(first, peer);
  first.wire.reset();

  BrokerEnd second = f.restart_broker(address);
  const Connection again = WireFixture::meet(second, peer);
  CHECK(second.heard.size() == 1);
  second.wire->send(again, "who?");
  REQUIRE(WireFixture::turn_until(second, peer, [&] { return !peer.heard.empty(); }));
  CHECK(peer.heard == std::vector<std::string>{"who?"});
}

TEST_CASE("on ipc too, since a broker that ends takes only its own sockets away") {
  WireFixture f;
  TempDir dir;
  std::optional<BrokerEnd> broker(std::in_place, f.context, f.local("ipc://" + dir.path()));
  const BaseAddress address = broker->wire->addresses().front();
  PeerEnd peer = f.peer_of(*broker);
  for (int restart = 0; restart < 5; ++restart) {
    broker.reset();
    broker.emplace(f.context, f.local(address.text()));
    WireFixture::meet(*broker, peer);
  }
}

TEST_CASE("frames sent before the broker is there arrive later, in order") {
  WireFixture f;
  TempDir dir;
  const BaseAddress address = parse_address("ipc://" + dir.path());
  PeerEnd peer(f.context, {.address = address.endpoint(Port::Back)});
  const std::vector<std::string> sent = numbered_run(500, 100);
  for (const std::string& frame : sent) peer.wire->send(frame);
  CHECK(peer.wire->counters().front.frames_out == 0);

  BrokerEnd later(f.context, f.local(address.text()));
  REQUIRE(
      WireFixture::turn_until(later, peer, [&] { return later.frames(Port::Back).size() == sent.size(); }));
  CHECK(later.frames(Port::Back) == sent);
}

TEST_CASE("what waits can be forgotten") {
  WireFixture f;
  TempDir dir;
  const BaseAddress address = parse_address("ipc://" + dir.path());
  PeerEnd peer(f.context, {.address = address.endpoint(Port::Back)});
  peer.wire->send("of the old session");
  peer.wire->discard_unsent();
  peer.wire->send("of the new session");

  BrokerEnd later(f.context, f.local(address.text()));
  REQUIRE(WireFixture::turn_until(later, peer, [&] { return !later.frames(Port::Back).empty(); }));
  CHECK(later.frames(Port::Back) == std::vector<std::string>{"of the new session"});
}

TEST_CASE("a lane can be given up for another connection, with what waits on it") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd peer = f.peer_of(broker);
  const Connection before = WireFixture::meet(broker, peer);
  peer.wire->reconnect();
  const Connection after = WireFixture::meet(broker, peer);
  CHECK(after != before);
  peer.wire->send("again");
  REQUIRE(WireFixture::turn_until(broker, peer, [&] { return broker.heard.back().frame == "again"; }));
  CHECK(broker.heard.back().from == after);
  broker.wire->send(after, "heard");
  REQUIRE(WireFixture::turn_until(broker, peer, [&] { return !peer.heard.empty(); }));
}

TEST_CASE("a broker that does not read gets everything in order once it does") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd peer = f.peer_of(broker);
  WireFixture::meet(broker, peer);
  const std::vector<std::string> sent = numbered_run(4000, 8192);
  for (const std::string& frame : sent) peer.wire->send(frame);
  CHECK(peer.wire->counters().full > 0);
  REQUIRE(
      WireFixture::turn_until(broker, peer, [&] { return broker.frames(Port::Back).size() == sent.size(); }));
  CHECK((broker.frames(Port::Back) == sent));
  CHECK(broker.newcomers().size() == 1);
}

TEST_CASE("a lane on which too much waits starts over on a new connection") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerWireOptions options;
  options.address = broker.endpoint(Port::Back);
  options.limits.frames_max = 4;
  options.unsent_bytes_max = 1 << 20;
  PeerEnd peer(f.context, options);
  const Connection before = WireFixture::meet(broker, peer);

  for (std::size_t sent = 0; peer.wire->counters().overflowed == 0; ++sent) {
    peer.wire->send(numbered(sent, 65536));
  }
  const Connection after = WireFixture::meet(broker, peer);
  CHECK(after != before);
  peer.wire->send("again");
  REQUIRE(WireFixture::turn_until(broker, peer, [&] { return broker.heard.back().frame == "again"; }));
  std::size_t next = 0;  // of the old connection a part without holes was heard
  for (const Heard& each : broker.heard) {
    if (each.from != before || each.frame.empty()) continue;
    CHECK((each.frame == numbered(next++, 65536)));
  }
}

TEST_CASE("waiting for an absent broker costs no processor time") {
  WireFixture f;
  TempDir dir;
  const BaseAddress absent = parse_address("ipc://" + dir.path());
  PeerEnd peer(f.context, {.address = absent.endpoint(Port::Back)});
  peer.wire->connect_sink(absent.endpoint(Port::Sink));
  peer.wire->send("queued");
  CHECK_FALSE(peer.wire->send_to_sink("refused"));

  const auto before = cpu_time();
  const TimePoint deadline = in(500ms);
  int turns = 0;
  while (in(0ms) < deadline) {
    peer.wire->receive_until(deadline, [](std::string_view) {});
    ++turns;
  }
  CHECK(turns == 1);
  CHECK(cpu_time() - before < 50ms);
}

TEST_CASE("a full lane to a silent broker costs no processor time") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd peer = f.peer_of(broker);
  const Connection connection = WireFixture::meet(broker, peer);
  const std::vector<std::string> sent = numbered_run(4000, 8192);
  for (const std::string& frame : sent) {
    peer.wire->send(frame);
    broker.wire->send(connection, frame);
  }
  std::uint64_t before = 0;
  while (peer.wire->counters().front.frames_out > before) {  // until the kernel's buffers are full too
    before = peer.wire->counters().front.frames_out;
    peer.wire->receive_until(in(100ms), [](std::string_view) {});
  }
  const auto cpu = cpu_time();
  peer.wire->receive_until(in(250ms), [](std::string_view) {});
  broker.wire->receive_until(in(250ms), [](Connection, std::string_view) {});
  CHECK(cpu_time() - cpu < 100ms);
}

TEST_CASE("a wait ends when waiting frames can go out") {
  WireFixture f;
  BrokerEnd broker(f.context, f.local());
  PeerEnd peer = f.peer_of(broker);
  peer.wire->send("first");  // most likely not connected yet
  const TimePoint before = in(0ms);
  while (peer.wire->counters().front.frames_out == 0) peer.turn(20s);
  CHECK(in(0ms) - before < 10s);
}

TEST_CASE("the sink lane moves, and what waited in it is discarded") {
  WireFixture f;
  BrokerEnd one(f.context, f.local());
  BrokerEnd two(f.context, f.local());
  PeerEnd worker = f.peer_of(one);
  CHECK_FALSE(worker.wire->send_to_sink("not connected"));
  worker.wire->connect_sink(one.endpoint(Port::Sink));
  const auto push = [&](const char* frame) {
    return WireFixture::repeat_until([&] { return worker.wire->send_to_sink(frame); },
                                     [&] { worker.turn(1ms); });
  };
  REQUIRE(push("to one"));
  REQUIRE(WireFixture::turn_until(one, worker, [&] { return one.frames(Port::Sink).size() == 1; }));
  worker.wire->connect_sink(two.endpoint(Port::Sink));
  REQUIRE(push("to two"));
  REQUIRE(WireFixture::turn_until(two, worker, [&] { return two.frames(Port::Sink).size() == 1; }));
  CHECK(two.frames(Port::Sink) == std::vector<std::string>{"to two"});
  CHECK(one.frames(Port::Sink) == std::vector<std::string>{"to one"});
  CHECK(worker.wire->counters().sink.frames_out == 2);
}

TEST_CASE("addresses that cannot be used are refused at once") {
  WireFixture f;
  CHECK_THROWS_AS(PeerEnd(f.context, {.address = "nonsense"}), std::invalid_argument);
  PeerEnd peer(f.context, {.address = "tcp://127.0.0.1:9"});
  CHECK_THROWS_AS(peer.wire->connect_sink("tcp://127.0.0.1"), std::invalid_argument);
  CHECK_THROWS_AS(peer.wire->connect_sink("carrier://pigeon"), std::invalid_argument);
}
