// Sessions begin: who is let in, and what a worker still holds when it comes back.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

Hello worker() { return BrokerFixture::worker_hello({}, 7); }

std::string answer_to(const Hello& hello, BrokerConfig config = {}) {
  BrokerFixture broker(std::move(config));
  return broker.took_message_to(broker.connect(hello));
}

}  // namespace

TEST_CASE("a version that nobody here speaks is refused with both ranges") {
  Hello hello = worker();
  hello.protocol_min = hello.protocol_max = 9;
  CHECK(answer_to(hello) == "refuse version: this broker speaks protocol 1 to 1, you speak 9 to 9");
}

TEST_CASE("a broker with a cookie lets in who shows it, and nobody else") {
  BrokerConfig config;
  config.cookie = "secret";
  Hello hello = worker();
  hello.cookie = "guess";
  CHECK(answer_to(hello, config) ==
        "refuse not-authorised: the cookie is not the one this broker wrote for its user");
  hello.cookie = "secret";
  CHECK(answer_to(hello, config) == "welcome");
}

TEST_CASE("names are of the letters that names are made of") {
  Hello hello = worker();
  hello.name = "a b";
  CHECK(answer_to(hello) == "refuse malformed: the name is not [A-Za-z0-9._-]{1,128}");
  hello.name = "";
  CHECK(answer_to(hello) == "refuse malformed: a worker has a name");
  hello.name = std::string(129, 'a');
  CHECK(answer_to(hello).starts_with("refuse malformed"));
  hello.name = std::string(128, 'a');
  CHECK(answer_to(hello) == "welcome");
  hello.functions = {{"f g", "()"}};
  CHECK(answer_to(hello).starts_with("refuse malformed"));
}

TEST_CASE("a host's name cannot add lines to the log") {
  Hello hello = worker();
  hello.host = "a\nworker-lost worker=b";
  CHECK(answer_to(hello) == "refuse malformed: the host's name has control characters");
  hello.host = "a.example";
  CHECK(answer_to(hello) == "welcome");
}

TEST_CASE("amounts that are no amounts are refused") {
  Hello hello = worker();
  hello.resources = {{"gpu", -1.0}};
  CHECK(answer_to(hello) == "refuse malformed: a resource is not a finite amount");
}

TEST_CASE("a peer on the port of the others is told so") {
  BrokerFixture broker;
  Hello hello = BrokerFixture::client_hello("c", 1);
  const Peer client = broker.connect(hello);
  broker.ignores_messages();
  broker.hello_of(client).role = Role::Worker;
  broker.hello_of(client).name = "w";
  broker.hello_of(client).slots = 1;
  broker.says_hello(client);
  CHECK(broker.took_message_to(client) ==
        "refuse malformed: this is the front port: workers connect to the back port, one above it");
}

TEST_CASE("a name that a living worker holds is refused with who holds it, and the holder is probed") {
  BrokerFixture broker;
  const Peer holder = broker.join_worker({.name = "w"});
  Hello hello = worker();
  hello.name = "w";
  const Peer newcomer = broker.connect(hello);
  CHECK(broker.took_message_to(newcomer) == "refuse name-taken: the name w is held by pid 100 on host");
  CHECK(broker.heartbeats_to(holder) == 1);
  CHECK(broker.core().roster().all().size() == 1);
  CHECK(broker.is_silent());
}

TEST_CASE("a newcomer stops asking for a name whose holder has answered meanwhile") {
  BrokerFixture broker;
  const Peer holder = broker.join_worker({.name = "w"});
  Hello hello = worker();
  hello.name = "w";
  SECTION("it lives") {
    const Peer newcomer = broker.connect(hello);
    CHECK(broker.took_refusal(newcomer).retry_after_ms == 500);
    broker.says(holder, Heartbeat{0, false});
    broker.says_hello(newcomer);
    CHECK(broker.took_refusal(newcomer).retry_after_ms == 0);
  }
  SECTION("what it said before it read the question may have been its last word") {
    broker.reads_no_more(holder);
    const Peer newcomer = broker.connect(hello);
    CHECK(broker.took_refusal(newcomer).retry_after_ms == 500);
    for (const bool answer : {true, false}) {
      broker.says(holder, Heartbeat{0, answer});
      broker.says_hello(newcomer);
      CHECK(broker.took_refusal(newcomer).retry_after_ms == 500);
    }
  }
  SECTION("its proof is old") {
    const Peer newcomer = broker.connect(hello);
    CHECK(broker.took_refusal(newcomer).retry_after_ms == 500);
    broker.says(holder, Heartbeat{0, false});
    broker.advance(3s);
    broker.says_hello(newcomer);
    CHECK(broker.took_refusal(newcomer).retry_after_ms == 500);
  }
}

TEST_CASE("a worker whose connection is gone is replaced by a newcomer of its name, and its tasks go back") {
  BrokerFixture broker;
  const Peer dead = broker.join_worker({.name = "w"});
  broker.submit("f", 1);
  broker.ignores_messages();
  broker.loses_connection(dead);
  const Peer fresh = broker.join_worker({.name = "w"});
  CHECK(broker.took_message_to(fresh) == "tasks job=1 [0,1) lease=2");
  CHECK(broker.is_silent());
}

TEST_CASE("a new incarnation of a peer does not take over another living worker's name") {
  BrokerFixture broker;
  const Peer dead = broker.join_worker({.name = "dead"});
  broker.join_worker({.name = "alive"});
  broker.loses_connection(dead);
  Hello hello = broker.hello_of(dead);
  hello.incarnation = 2;
  hello.name = "alive";
  CHECK(broker.took_message_to(broker.connect(hello)).starts_with("refuse name-taken"));
}

TEST_CASE("a new incarnation of a client ends the jobs of the old one") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 1);
  Hello hello = broker.hello_of(broker.client());
  hello.incarnation = 2;
  hello.attempt = 0;
  CHECK(broker.took_message_to(broker.connect(hello)) == "welcome");
  CHECK(broker.core().job(job) == nullptr);
}

TEST_CASE("a connection that says hello as somebody else ends who it was before") {
  BrokerFixture broker;
  const Peer worker_before = broker.join_worker({.name = "before"});
  broker.submit("f", 2);
  broker.ignores_messages();
  Hello& hello = broker.hello_of(worker_before);
  hello.peer.bytes[0] = 99;
  hello.name = "after";
  broker.says_hello(worker_before);
  CHECK(broker.took_message_to(worker_before) == "welcome");
  broker.says(worker_before, Holdings{{}, true});
  broker.stays_alive(worker_before);
  CHECK(broker.took_message_to(worker_before) == "tasks job=1 [1,2) lease=2");
  broker.advance(1s);
  CHECK(broker.core().roster().all().size() == 1);
}

TEST_CASE("a repeated hello that was answered opens no second session") {
  BrokerFixture broker;
  const Peer peer = broker.join_worker();
  --broker.hello_of(peer).attempt;
  broker.says_hello(peer);
  CHECK(broker.is_silent());
}

TEST_CASE("frames of an unknown session are answered with a question, not too often") {
  BrokerFixture broker;
  const Peer peer = broker.join_client();
  Header header;
  header.session = 12345;
  header.seq = 1;
  const std::string frame = encode(header, Heartbeat{});
  broker.sends_bytes(peer, frame);
  broker.sends_bytes(peer, frame);
  CHECK(broker.took_message_to(peer) == "who");
  CHECK(broker.is_silent());
  CHECK(broker.core().counters().frames_refused == 2);
}

TEST_CASE("tasks that never arrived go back when the worker does not list them") {
  BrokerFixture broker;
  const Peer peer = broker.join_worker({.slots = 3});
  const JobId job = broker.submit("f", 3);
  broker.reconnects(peer, {BrokerFixture::held(job, {0, 1}, 1), BrokerFixture::held(job, {2, 3}, 1, true)});
  CHECK(broker.took_message_to(peer) == "tasks job=1 [1,2) lease=2");
  CHECK(broker.core().counters().tasks_returned == 1);
  CHECK(broker.is_silent());
}

TEST_CASE("a list of holdings may come in pages") {
  BrokerFixture broker;
  const Peer peer = broker.join_worker({.slots = 2});
  const JobId job = broker.submit("f", 2);
  broker.says_hello(peer);
  broker.ignores_messages();
  broker.says(peer, Holdings{{BrokerFixture::held(job, {0, 1}, 1)}, false});
  broker.says(peer, Holdings{{BrokerFixture::held(job, {1, 2}, 1)}, true});
  CHECK(broker.leases_of(peer) == 1);
  CHECK(broker.core().counters().tasks_returned == 0);
  CHECK(broker.is_silent());
}

TEST_CASE("holdings without end are refused") {
  BrokerFixture broker;
  const Peer peer = broker.connect(worker());
  REQUIRE(broker.took_message_to(peer) == "welcome");
  const Held held{broker.new_job_id(), 0, 1, 1, 1, false};
  const Holdings page{std::vector<Held>(kListMax, held), false};
  for (std::size_t told = 0; told <= 1'000'000; told += kListMax) broker.says(peer, page);
  CHECK(broker.took_message_to(peer) == "refuse malformed: it holds more than a worker can hold");
  CHECK(broker.core().roster().all().empty());
}

TEST_CASE("a worker that lists more than a page of what is not its own is told to stop it, in pages") {
  BrokerFixture broker;
  const Peer peer = broker.connect(worker());
  REQUIRE(broker.took_message_to(peer) == "welcome");
  const JobId job = broker.new_job_id();
  std::vector<Held> held;
  for (std::uint64_t index = 0; index < kPageEntries + 1; ++index)
    held.push_back(BrokerFixture::held(job, {2 * index, 2 * index + 1}, 99));
  broker.says(peer, Holdings{held, true});
  const std::vector<std::string> told = broker.took_messages_to(peer);
  REQUIRE(told.size() == 2);
  CHECK(told[0].starts_with("stop"));
  CHECK(told[1].starts_with("stop"));
}

TEST_CASE("a second list of holdings in a session is counted and changes nothing") {
  BrokerFixture broker;
  const Peer peer = broker.join_worker();
  broker.submit("f", 1);
  broker.ignores_messages();
  broker.says(peer, Holdings{{}, true});
  CHECK(broker.core().counters().frames_bad == 1);
  CHECK(broker.leases_of(peer) == 1);
}

TEST_CASE("a worker that drains is told again after it came back") {
  BrokerFixture broker;
  const Peer peer = broker.join_worker({.name = "w"});
  broker.asks(broker.client(), "worker.drain", {{"worker", "w"}});
  CHECK(broker.took_message_to(peer) == "drain");
  broker.reconnects(peer);
  CHECK(broker.took_message_to(peer) == "drain");
  broker.submit("f", 1);
  CHECK(broker.is_silent());
}
