#include "proto/peer_session.h"

#include <catch2/catch.hpp>
#include <set>

using namespace zonda;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kNumber = 77;

// A peer's session and the broker's end of it, written by hand.
struct Peer {
  TimePoint now{std::chrono::hours(1)};
  PeerSession session;
  LaneSender broker;
  PeerEffects effects;

  explicit Peer(std::uint64_t seed = 1) : session(Hello{}, seed) {}

  // What was said since, and nothing is left.
  std::vector<Frame> said() {
    effects.restart = false;
    std::vector<Frame> frames;
    bytes = std::exchange(effects.frames, {});
    for (const std::string& each : bytes) frames.push_back(std::get<Frame>(decode(each)));
    return frames;
  }
  template <class T>
  std::vector<T> said_only() {
    std::vector<T> messages;
    for (const Frame& frame : said()) messages.push_back(std::get<T>(frame.message));
    return messages;
  }
  std::vector<Frame> after(std::chrono::milliseconds time) {
    now += time;
    session.tick(now, effects);
    return said();
  }
  PeerSession::Event hear(const Message& message) {  // outside of a session
    return session.handle(encode({}, message), now, effects);
  }
  PeerSession::Event hear_in_session(const Message& message, std::uint64_t number = kNumber) {
    return session.handle(broker.pack({number, 0, 0, 0, 0}, message).front(), now, effects);
  }
  PeerSession::Event welcome(std::uint64_t attempt) {
    broker = {};
    Welcome message;
    message.attempt = attempt;
    message.heartbeat_ms = 3'000;
    message.lease_ms = 15'000;
    return session.handle(encode({kNumber, 0, 0, 10, 20}, message), now, effects);
  }
  // An open session; attempt 1.
  static Peer open() {
    Peer peer;
    peer.session.tick(peer.now, peer.effects);
    REQUIRE(peer.welcome(peer.said_only<Hello>().at(0).attempt) == PeerSession::Event::Opened);
    return peer;
  }

  std::vector<std::string> bytes;  // what the views of said() point into
};

}  // namespace

TEST_CASE("HELLO is said at once and repeated with growing pauses until there is an answer") {
  Peer peer;
  std::vector<std::chrono::milliseconds> pauses;
  TimePoint last{};
  for (std::uint64_t attempt = 1; attempt <= 8; ++attempt) {
    peer.session.tick(peer.now, peer.effects);
    CHECK(peer.effects.restart);
    const std::vector<Hello> hellos = peer.said_only<Hello>();
    REQUIRE(hellos.size() == 1);
    CHECK(hellos[0].attempt == attempt);
    CHECK(hellos[0].protocol_min == kProtocolMin);
    CHECK(hellos[0].protocol_max == kProtocolMax);
    if (attempt > 1) pauses.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(peer.now - last));
    last = peer.now;
    CHECK(peer.after(0ms).empty());
    peer.now = peer.session.next_deadline();
  }
  CHECK(pauses.front() >= 500ms);
  CHECK(pauses.front() < 1'500ms);
  for (const auto pause : pauses) CHECK(pause < 7'500ms);
  CHECK(pauses.back() >= 2'500ms);
}

TEST_CASE("a connection on which nothing is heard for a lease is given up, again and again") {
  Peer peer = Peer::open();
  peer.after(14'999ms);
  CHECK_FALSE(peer.effects.reconnect);
  peer.after(1ms);
  CHECK(std::exchange(peer.effects.reconnect, false));
  peer.after(14'999ms);
  CHECK_FALSE(peer.effects.reconnect);
  peer.after(1ms);
  CHECK(std::exchange(peer.effects.reconnect, false));
  peer.hear(Who{});
  peer.after(14'999ms);
  CHECK_FALSE(peer.effects.reconnect);
}

TEST_CASE("a broker that was not there yet is given a lease") {
  Peer peer;
  peer.after(0ms);
  peer.after(kLease - 1ms);
  CHECK_FALSE(peer.effects.reconnect);
  peer.after(1ms);
  CHECK(peer.effects.reconnect);
}

TEST_CASE("peers of one broker do not come back in the same moment") {
  std::set<TimePoint> moments;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Peer peer(seed);
    peer.session.tick(peer.now, peer.effects);
    moments.insert(peer.session.next_deadline());
  }
  CHECK(moments.size() > 30);
}

TEST_CASE("WELCOME opens the session, and both sides count from 1") {
  Peer peer = Peer::open();
  CHECK(peer.session.is_open());
  CHECK(peer.session.header().credit_tasks == 10);
  peer.session.set_credit(5, 6);
  peer.session.say(Goodbye{}, peer.now, peer.effects);
  const std::vector<Frame> frames = peer.said();
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].header == Header{kNumber, 1, 0, 5, 6});
  CHECK(peer.hear_in_session(Drain{}) == PeerSession::Event::Arrived);
  CHECK(peer.said().empty());
}

TEST_CASE("a WELCOME for an older HELLO is ignored, and so is one that comes again") {
  Peer peer;
  peer.session.tick(peer.now, peer.effects);
  CHECK(peer.said_only<Hello>().at(0).attempt == 1);
  peer.hear(Who{});
  CHECK(peer.said_only<Hello>().at(0).attempt == 2);
  CHECK(peer.welcome(1) == PeerSession::Event::Nothing);
  CHECK_FALSE(peer.session.is_open());
  CHECK(peer.welcome(2) == PeerSession::Event::Opened);
  CHECK(peer.welcome(2) == PeerSession::Event::Nothing);
  CHECK(peer.said().empty());
}

TEST_CASE("a WELCOME that comes again does not bring back a session that is over") {
  Peer peer = Peer::open();
  peer.session.start_over(peer.now, peer.effects);
  REQUIRE(peer.welcome(peer.said_only<Hello>().at(0).attempt) == PeerSession::Event::Opened);
  peer.session.start_over(peer.now, peer.effects);  // the next HELLO waits a moment
  REQUIRE(peer.said().empty());
  CHECK(peer.welcome(2) == PeerSession::Event::Nothing);
  CHECK_FALSE(peer.session.is_open());
  CHECK(peer.welcome(peer.after(1s).size() + 2) == PeerSession::Event::Opened);
}

TEST_CASE("WHO ends the session, and HELLO is all that is left of what was to be sent") {
  Peer peer = Peer::open();
  peer.session.say(Drain{}, peer.now, peer.effects);
  peer.hear(Who{});
  CHECK_FALSE(peer.session.is_open());
  CHECK(peer.effects.restart);
  CHECK(peer.said_only<Hello>().at(0).attempt == 2);
  peer.session.say(Drain{}, peer.now, peer.effects);
  CHECK(peer.said().empty());  // the next session re-states all that matters
}

TEST_CASE("REFUSE with a pause is tried again after about that pause, and not before half of it") {
  Peer peer;
  peer.session.tick(peer.now, peer.effects);
  peer.said();
  CHECK(peer.hear(Refuse{RefuseCode::Recovering, "later", 4'000, 1}) == PeerSession::Event::Refused);
  CHECK(peer.session.refusal().code == RefuseCode::Recovering);
  CHECK(peer.session.next_deadline() >= peer.now + 2'000ms);
  CHECK(peer.session.next_deadline() <= peer.now + 6'000ms);
  CHECK(peer.after(1'999ms).empty());
  CHECK(peer.after(4'001ms).size() == 1);
}

TEST_CASE("REFUSE for good is told, one of an older HELLO or in a session is not") {
  Peer peer;
  peer.session.tick(peer.now, peer.effects);
  CHECK(peer.hear(Refuse{RefuseCode::Version, "no", 0, 1}) == PeerSession::Event::Refused);
  CHECK(peer.session.refusal().retry_after_ms == 0);
  peer.hear(Who{});  // attempt 2
  CHECK(peer.hear(Refuse{RefuseCode::Version, "no", 0, 1}) == PeerSession::Event::Nothing);
  CHECK(peer.welcome(2) == PeerSession::Event::Opened);
  CHECK(peer.hear(Refuse{RefuseCode::Version, "no", 0, 2}) == PeerSession::Event::Nothing);
  CHECK(peer.session.is_open());
}

TEST_CASE("a gap in what the broker says ends the session at once") {
  Peer peer = Peer::open();
  CHECK(peer.hear_in_session(Drain{}) == PeerSession::Event::Arrived);
  peer.broker.pack({}, Drain{});  // lost
  CHECK(peer.hear_in_session(Drain{}) == PeerSession::Event::Nothing);
  CHECK_FALSE(peer.session.is_open());
  CHECK(peer.said_only<Hello>().size() == 1);
}

TEST_CASE("frames of another session and bytes that are none change nothing") {
  Peer peer = Peer::open();
  CHECK(peer.hear_in_session(Drain{}, kNumber + 1) == PeerSession::Event::Nothing);
  CHECK(peer.session.handle("garbage", peer.now, peer.effects) == PeerSession::Event::Nothing);
  CHECK(peer.session.handle("", peer.now, peer.effects) == PeerSession::Event::Nothing);
  CHECK(peer.session.is_open());
  CHECK(peer.said().empty());
}

TEST_CASE("silence for a lease ends the session") {
  Peer peer = Peer::open();
  peer.after(14'999ms);
  CHECK(peer.session.is_open());
  const std::vector<Frame> frames = peer.after(1ms);
  CHECK_FALSE(peer.session.is_open());
  REQUIRE(frames.size() == 1);
  CHECK(std::holds_alternative<Hello>(frames[0].message));
}

TEST_CASE("a heartbeat is said when nothing else was for a while, and counts like any frame") {
  Peer peer = Peer::open();
  peer.now += 2'999ms;
  peer.hear_in_session(Drain{});
  CHECK(peer.after(0ms).empty());
  const std::vector<Frame> frames = peer.after(1ms);
  REQUIRE(frames.size() == 1);
  CHECK(std::get<Heartbeat>(frames[0].message).answer);
  CHECK(frames[0].header.seq == 1);
  CHECK(frames[0].header.ack == 1);
  CHECK(peer.after(2'999ms).empty());
  CHECK(peer.after(1ms).at(0).header.seq == 2);
}

TEST_CASE("who is idle says heartbeats every third of a lease, until it is not") {
  Peer peer = Peer::open();
  peer.session.set_idle(true);
  CHECK(peer.after(4'999ms).empty());
  CHECK(peer.after(1ms).size() == 1);
  peer.hear_in_session(Heartbeat{});
  peer.now += 3'000ms;
  peer.session.set_idle(false);
  CHECK(peer.session.next_deadline() == peer.now);
  CHECK(peer.after(0ms).size() == 1);
}

TEST_CASE("who talks and is answered needs no heartbeats") {
  Peer peer = Peer::open();
  for (int second = 0; second < 20; ++second) {
    peer.session.say(Drain{}, peer.now, peer.effects);
    CHECK(peer.said().size() == 1);
    peer.hear_in_session(Drain{});
    CHECK(peer.after(1'000ms).empty());
  }
}

TEST_CASE("who talks and hears nothing asks") {
  Peer peer = Peer::open();
  int heartbeats = 0;
  for (int second = 0; second < 9; ++second) {
    peer.session.say(Drain{}, peer.now, peer.effects);
    for (const Frame& frame : peer.after(1'000ms))
      heartbeats += std::holds_alternative<Heartbeat>(frame.message);
  }
  CHECK(heartbeats == 3);
}

TEST_CASE("while the sink is unsettled, heartbeats tell its last number, whatever else is said") {
  Peer peer = Peer::open();
  peer.session.set_sink(9, true);
  int heartbeats = 0;
  for (int second = 0; second < 9; ++second) {
    peer.session.say(Drain{}, peer.now, peer.effects);
    peer.hear_in_session(Drain{});
    for (const Frame& frame : peer.after(1'000ms)) {
      if (const Heartbeat* heartbeat = std::get_if<Heartbeat>(&frame.message)) {
        CHECK(heartbeat->sink_sent == 9);
        ++heartbeats;
      }
    }
  }
  CHECK(heartbeats == 3);
}

TEST_CASE("a heartbeat that asks for an answer gets one, and one that does not gets none") {
  Peer peer = Peer::open();
  peer.hear_in_session(Heartbeat{0, true});
  const std::vector<Heartbeat> answers = peer.said_only<Heartbeat>();
  REQUIRE(answers.size() == 1);
  CHECK_FALSE(answers[0].answer);
  peer.hear_in_session(Heartbeat{0, false});
  CHECK(peer.said().empty());
}

TEST_CASE("a broker with odd intervals makes nobody spin or compute beyond the clock") {
  for (const std::uint64_t odd : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    Peer peer;
    peer.session.tick(peer.now, peer.effects);
    peer.said();
    Welcome welcome;
    welcome.attempt = 1;
    welcome.heartbeat_ms = welcome.lease_ms = odd;
    peer.session.handle(encode({kNumber, 0, 0, 0, 0}, welcome), peer.now, peer.effects);
    CHECK(peer.after(0ms).empty());
    CHECK(peer.session.next_deadline() > peer.now);
    CHECK(peer.session.next_deadline() <= peer.now + 1h);
  }
}

TEST_CASE("what the wire says for the broker is a refusal, and no sign of life") {
  Peer peer;
  peer.after(0ms);
  const TimePoint heard = peer.session.last_heard();
  CHECK(peer.session.handle(PeerSession::denied("no key", true), peer.now, peer.effects) ==
        PeerSession::Event::Refused);
  CHECK(peer.session.refusal().code == RefuseCode::NotAuthorised);
  CHECK(peer.session.refusal().text == "no key");
  CHECK(peer.session.refusal().retry_after_ms == 0);
  CHECK(peer.session.last_heard() == heard);
  peer.session.handle(PeerSession::denied("perhaps", false), peer.now, peer.effects);
  CHECK(peer.session.refusal().retry_after_ms > 0);
  Peer open = Peer::open();  // then it comes too late to matter
  CHECK(open.session.handle(PeerSession::denied("no key", true), open.now, open.effects) ==
        PeerSession::Event::Nothing);
}

TEST_CASE("brokers that start anew one after the other are met at once each") {
  Peer peer = Peer::open();
  for (int times = 0; times < 20; ++times) {
    peer.after(700ms);
    peer.hear(Who{});
    const std::vector<Hello> hellos = peer.said_only<Hello>();
    REQUIRE(hellos.size() == 1);
    REQUIRE(peer.welcome(hellos[0].attempt) == PeerSession::Event::Opened);
  }
}

TEST_CASE("sessions that end as soon as they begin are begun less and less often") {
  Peer peer = Peer::open();
  std::chrono::milliseconds waited{0};
  for (int times = 0; times < 12; ++times) {
    peer.hear(Who{});
    std::vector<Frame> said = peer.said();
    for (waited = 0ms; said.empty() && waited < 10s; waited += 10ms) said = peer.after(10ms);
    REQUIRE(said.size() == 1);
    REQUIRE(peer.welcome(std::get<Hello>(said[0].message).attempt) == PeerSession::Event::Opened);
  }
  CHECK(waited >= 1s);
}
