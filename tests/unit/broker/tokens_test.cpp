// Who may finish a task.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

TEST_CASE("a task goes to a worker, and its result to the client") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1");
  broker.finishes(worker, job, {0, 1}, 1);
  CHECK(broker.took_message_to(worker) == "stored upto=1");
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [0,1)");
  CHECK(broker.is_silent());
}

TEST_CASE("a task outlives the worker that held it") {
  BrokerFixture broker;
  broker.submit("f", 1);
  broker.stays_alive(broker.client());
  const Peer quiet = broker.join_worker();
  CHECK(broker.took_message_to(quiet) == "tasks job=1 [0,1) lease=1");
  broker.advance(kLease + 1ms);
  const Peer fresh = broker.join_worker();
  CHECK(broker.took_message_to(fresh) == "tasks job=1 [0,1) lease=2");
  CHECK(broker.is_silent());
}

TEST_CASE("a result that comes after its task was given to another is thanked for and forgotten") {
  BrokerFixture broker;
  const Peer slow = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  broker.loses_connection(slow);
  broker.advance(1s);
  const Peer other = broker.join_worker();
  CHECK(broker.took_message_to(other) == "tasks job=1 [0,1) lease=2");
  broker.reconnects(slow, {BrokerFixture::held(job, {0, 1}, 1, true)});
  CHECK(broker.took_message_to(slow) == "stop job=1 [0,1) lease=1");
  broker.finishes(slow, job, {0, 1}, 1);
  CHECK(broker.took_message_to(slow) == "stored upto=1");
  CHECK(broker.core().counters().results_stale == 1);
  CHECK(broker.is_silent());
}

TEST_CASE("the current part of a range counts, and only that") {
  BrokerFixture broker;
  const Peer slow = broker.join_worker({.slots = 4});
  const JobId job = broker.submit("f", 4);
  CHECK(broker.took_message_to(slow) == "tasks job=1 [0,4) lease=1");
  broker.returns(slow, job, {1, 3}, 1);
  const Peer other = broker.join_worker({.slots = 4});
  CHECK(broker.took_message_to(slow) == "tasks job=1 [1,3) lease=2");  // it had room at once
  CHECK(broker.took_message_to(other) == "nothing");
  broker.finishes(slow, job, {0, 4}, 1);
  CHECK(broker.took_message_to(slow) == "stored upto=1");
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [0,1) [3,4)");
  CHECK(broker.core().counters().results_stale == 2);
  broker.finishes(slow, job, {1, 3}, 2);
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=2 [1,3)");
}

TEST_CASE("a late result of a task that was not handed out again is accepted") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  broker.stays_alive(broker.client());
  broker.started(worker, job, {0, 1}, 1);
  broker.ignores_messages();
  broker.advance(kLease + 1ms);
  broker.reconnects(worker, {BrokerFixture::held(job, {0, 1}, 1, true)});
  CHECK(broker.took_message_to(worker) == "nothing");  // it is its own again, under the old token
  broker.finishes(worker, job, {0, 1}, 1);
  CHECK(broker.took_message_to(worker) == "stored upto=1");
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [0,1)");
  CHECK(broker.is_silent());
}

TEST_CASE("a late result that overtakes the list of holdings is accepted, too") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  broker.stays_alive(broker.client());
  broker.ignores_messages();
  broker.advance(kLease + 1ms);
  broker.says_hello(worker);
  broker.ignores_messages();
  broker.finishes(worker, job, {0, 1}, 1);
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [0,1)");
}

TEST_CASE("the token of a failure that was recorded is spent") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  JobSpec spec = job_of();
  spec.retries = 1;
  const JobId job = broker.submit(spec, 1);
  broker.fails(worker, job, 0, 1);
  broker.ignores_messages();
  broker.finishes(worker, job, {0, 1}, 1);  // as if it had been sent again with another result
  CHECK(broker.took_message_to(worker) == "stored upto=2");
  CHECK(broker.core().counters().results_stale == 1);
  CHECK(broker.is_silent());
}

TEST_CASE("number 0 is no token: nobody finishes a task that was never handed out") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.functions = {{"g", "()"}}});
  const JobId job = broker.submit("f", 2);
  const Values values(1, "forged");
  broker.says_to_sink(worker, WorkerResults{{{job, 0, 0, 0, 0, {}, values.column()}}});
  CHECK(broker.took_message_to(worker) == "stored upto=1");
  CHECK(broker.core().counters().results_stale == 1);
  broker.reconnects(worker, {{job, 0, 2, 0, 0, true}});
  CHECK(broker.took_message_to(worker) == "stop job=1 [0,2) lease=0");
  CHECK(broker.is_silent());
}

TEST_CASE("a worker does not finish what another holds") {
  BrokerFixture broker;
  const Peer holder = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  CHECK(broker.took_message_to(holder) == "tasks job=1 [0,1) lease=1");
  const Peer other = broker.join_worker();
  broker.finishes(other, job, {0, 1}, 1);
  CHECK(broker.took_message_to(other) == "stored upto=1");
  CHECK(broker.core().counters().results_stale == 1);
  broker.finishes(holder, job, {0, 1}, 1);
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [0,1)");
}
