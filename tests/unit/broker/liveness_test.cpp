// Silence, lost connections, and a broker that was away itself.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {
constexpr auto kAwayGrace = 400ms;
constexpr auto kClientGrace = 60s;
}  // namespace

TEST_CASE("a worker that is silent for the lease is missed, at the lease and not later") {
  BrokerFixture broker;
  broker.join_worker();
  broker.advance(kLease - 1ms);
  CHECK(broker.core().roster().all().size() == 1);
  broker.advance(1ms);
  CHECK(broker.core().roster().all().empty());
}

TEST_CASE("any frame counts as a sign of life") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  for (int round = 0; round < 3; ++round) {
    broker.advance(kLease - 1ms);
    broker.says(worker, Credit{});
  }
  CHECK(broker.core().roster().all().size() == 1);
}

TEST_CASE(
    "a worker that holds tasks is probed when it is silent, one that holds none when a heartbeat is due") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  broker.advance(7'499ms);
  CHECK(broker.heartbeats_to(worker) == 0);
  broker.advance(1ms);
  CHECK(broker.heartbeats_to(worker) == 1);
  broker.says(worker, Heartbeat{});
  broker.submit("f", 1);
  broker.advance(1s);
  CHECK(broker.heartbeats_to(worker) >= 4);
}

TEST_CASE("what a worker held whose connection is gone is given to others after a short grace") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  broker.submit("f", 1);
  broker.loses_connection(worker);
  const Peer other = broker.join_worker();
  broker.advance(kAwayGrace - 1ms);
  CHECK(broker.took_message_to(other) == "nothing");
  broker.advance(1ms);
  CHECK(broker.took_message_to(other) == "tasks job=1 [0,1) lease=2");
}

TEST_CASE("a worker that comes back within the grace keeps what it holds") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  broker.loses_connection(worker);
  broker.advance(kAwayGrace / 2);
  broker.reconnects(worker, {BrokerFixture::held(job, {0, 1}, 1, true)});
  broker.stays_alive(worker);
  broker.advance(1s);
  CHECK(broker.leases_of(worker) == 1);
  CHECK(broker.took_message_to(worker) == "nothing");
}

TEST_CASE("each loss of the connection has the whole grace") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  broker.loses_connection(worker);
  broker.advance(kAwayGrace - 100ms);
  broker.reconnects(worker, {BrokerFixture::held(job, {0, 1}, 1, true)});
  broker.loses_connection(worker);
  broker.advance(kAwayGrace - 1ms);  // the end of the first grace was in between
  CHECK(broker.leases_of(worker) == 1);
  broker.advance(1ms);
  CHECK(broker.core().roster().all().empty());
}

TEST_CASE("a broker that was stalled expires nobody before it has read what they said") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  broker.submit("f", 1);
  broker.stall(kLease * 2);
  broker.together([] {});
  CHECK(broker.leases_of(worker) == 1);
  broker.says(worker, Heartbeat{});
  broker.advance(kLease - 1ms);
  CHECK(broker.leases_of(worker) == 1);
}

TEST_CASE("after a stall, who stays silent is missed all the same") {
  BrokerFixture broker;
  broker.join_worker();
  broker.stall(kLease * 2);
  broker.advance(kLease + 1ms);
  CHECK(broker.core().roster().all().empty());
}

TEST_CASE("an attached job is cancelled when its client is gone for longer than the grace") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  broker.stays_alive(worker);
  const JobId job = broker.submit("f", 2);
  broker.ignores_messages();
  broker.loses_connection(broker.client());
  broker.advance(kClientGrace - 1ms);
  CHECK(broker.took_message_to(worker) == "nothing");
  broker.advance(1ms);
  CHECK(broker.took_message_to(worker) == "stop job=1 [0,1) lease=1");
  CHECK(broker.core().job(job) == nullptr);
  CHECK(broker.core().memory_used() == 0);
}

TEST_CASE("a client that comes back within the grace finds its job where it left it") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 2);
  const Peer client = broker.client();
  broker.loses_connection(client);
  broker.advance(kClientGrace / 2);
  broker.reconnects(client);
  broker.opens(client, job, job_of(), 0, 2);
  CHECK(broker.took_message_to(client) == "accepted job=1 count=2 closed");
  broker.stays_alive(client);
  broker.advance(kClientGrace);
  CHECK(broker.core().job(job) != nullptr);
}

TEST_CASE("a detached job lives on without its client") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.detached = true;
  const JobId job = broker.submit(spec, 1);
  broker.says(broker.client(), Goodbye{});
  const Peer worker = broker.join_worker();
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1");
  broker.finishes(worker, job, {0, 1}, 1);
  const Peer other = broker.join_client("other");
  broker.says(other, Attach{job, 0});
  CHECK(broker.took_messages_to(other) ==
        std::vector<std::string>{"accepted job=1 count=1 closed", "outcomes job=1 at=0 [0,1)"});
}

TEST_CASE("a client that was away for long finds its detached job its own") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.detached = true;
  const JobId job = broker.submit(spec, 1);
  broker.loses_connection(broker.client());
  broker.advance(61s);
  broker.reconnects(broker.client());
  broker.opens(broker.client(), job, spec, 0, 1);
  broker.ignores_messages();
  broker.says(broker.client(), Cancel{job, 0, 0});
  CHECK(broker.core().job(job)->counts.failed[TaskReport::cancelled] == 1);
}

TEST_CASE("a client whose return a stalled broker has not read keeps its jobs") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 1);
  broker.loses_connection(broker.client());
  broker.stall(62s);
  broker.together([] {});  // the grace is over, and its HELLO may wait to be read
  CHECK(broker.core().job(job) != nullptr);
  broker.reconnects(broker.client());
  broker.advance(20s);
  CHECK(broker.core().job(job) != nullptr);
}

TEST_CASE("a client's goodbye cancels its attached jobs at once") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  broker.submit("f", 1);
  broker.ignores_messages();
  broker.says(broker.client(), Goodbye{});
  CHECK(broker.took_message_to(worker) == "stop job=1 [0,1) lease=1");
  CHECK(broker.is_silent());
}

TEST_CASE("a gap on the sink is asked for once, and nothing after it is taken before") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 3});
  const JobId job = broker.submit("f", 3);
  broker.ignores_messages();
  const Values values(1, "r");
  const auto result = [&](std::uint64_t index) {
    return WorkerResults{{{job, index, 1, 1, 10, {}, values.column()}}};
  };
  broker.loses_sink_frame(worker, result(0));
  broker.says_to_sink(worker, result(1));
  CHECK(broker.took_message_to(worker) == "stored upto=0 resend");
  broker.says_to_sink(worker, result(2));
  CHECK(broker.is_silent());
}

TEST_CASE("the last frames to the sink are missed by what heartbeats tell of them") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  broker.says(worker, Heartbeat{1, false});
  CHECK(broker.took_message_to(worker) == "nothing");  // it may be on its way
  broker.says(worker, Heartbeat{1, false});
  CHECK(broker.took_message_to(worker) == "stored upto=0 resend");
}

TEST_CASE("frames that wait because the sink is not read are not missed") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  broker.core().set_backlog(1ULL << 40);  // the disk is far behind
  for (int beats = 0; beats < 3; ++beats) broker.says(worker, Heartbeat{1, false});
  CHECK(broker.took_message_to(worker) == "nothing");
  broker.core().set_backlog(0);
  broker.says(worker, Heartbeat{1, false});
  CHECK(broker.took_message_to(worker) == "nothing");  // it may be read now
  broker.says(worker, Heartbeat{1, false});
  CHECK(broker.took_message_to(worker) == "stored upto=0 resend");
}

TEST_CASE("who reads a detached job hears that it is closed when its client vanishes") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.detached = true;
  const Peer owner = broker.join_client("owner");
  const JobId job = broker.new_job_id();
  broker.opens(owner, job, spec);
  const Peer reader = broker.join_client();
  broker.says(reader, Attach{job, 0});
  broker.stays_alive(reader);
  broker.ignores_messages();
  broker.loses_connection(owner);
  broker.advance(61s);
  CHECK(broker.took_message_to(reader) == "accepted job=1 count=0 closed");
}
