// A broker starts on what an earlier one left: tasks and who holds them.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

TEST_CASE("a worker that runs on keeps its task, under its token") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1");
  broker.crashes();
  broker.reconnects(worker, {BrokerFixture::held(job, {0, 1}, 1, true)});
  CHECK(broker.took_message_to(worker) == "nothing");
  const Peer other = broker.join_worker();
  broker.stays_alive(worker);
  broker.stays_alive(other);
  broker.advance(20s);
  CHECK(broker.took_message_to(other) == "nothing");
  broker.finishes(worker, job, {0, 1}, 1);
  CHECK(broker.took_message_to(worker) == "stored upto=1");
  CHECK(broker.core().counters().tasks_done == 1);
}

TEST_CASE("a result that arrives before its worker said what it holds counts") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  broker.crashes();
  const Peer again = broker.connect(broker.hello_of(worker));
  broker.finishes(again, job, {0, 1}, 1);
  CHECK(broker.core().counters().tasks_done == 1);
}

TEST_CASE("what was handed out waits for its worker, what was not goes out at once") {
  BrokerFixture broker;
  JobSpec big = job_of();
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, big);
  broker.appends(client, job, 0, 5'000);
  const Peer worker = broker.join_worker();
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1");
  broker.crashes();
  const Peer other = broker.join_worker({.slots = 2});
  CHECK(broker.took_message_to(other) == "tasks job=1 [4097,4099) lease=1");
  broker.stays_alive(other);
  broker.advance(2s);  // the worker of before did not come
  broker.speaks_of_epoch(2);
  broker.finishes(other, job, {4097, 4099}, 1);
  CHECK(broker.took_messages_to(other).front() == "tasks job=1 [0,2) lease=2");
}

TEST_CASE("when all workers of before are back, what none of them holds goes out at once") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 2});
  broker.submit("f", 2);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,2) lease=1");
  broker.crashes();
  broker.reconnects(worker);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,2) lease=1");
  CHECK(broker.heard_event("orphans-requeued tasks=2"));
}

TEST_CASE("the higher token wins, the other is stopped") {
  BrokerFixture broker;
  const Peer slow = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  CHECK(broker.took_message_to(slow) == "tasks job=1 [0,1) lease=1");
  broker.loses_connection(slow);
  broker.advance(1s);
  const Peer second = broker.join_worker();
  CHECK(broker.took_message_to(second) == "tasks job=1 [0,1) lease=2");
  broker.crashes();
  SECTION("the first comes first, and is refused: the store knows of the second") {
    broker.reconnects(slow, {BrokerFixture::held(job, {0, 1}, 1, true)});
    CHECK(broker.took_message_to(slow) == "stop job=1 [0,1) lease=1");
    broker.finishes(slow, job, {0, 1}, 1);
    CHECK(broker.core().counters().results_stale == 1);
  }
  broker.reconnects(second, {BrokerFixture::held(job, {0, 1}, 2, true)});
  CHECK(broker.took_message_to(second) == "nothing");
  broker.finishes(second, job, {0, 1}, 2);
  CHECK(broker.core().counters().tasks_done == 1);
}

TEST_CASE("after a second restart, the hand-out of the first is fenced by that of the second") {
  BrokerFixture broker;
  const Peer slow = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  broker.crashes();
  broker.advance(3s);
  const Peer second = broker.join_worker();
  CHECK(broker.took_message_to(second) == "tasks job=1 [0,1) lease=1");
  broker.crashes();
  broker.reconnects(slow, {BrokerFixture::held(job, {0, 1}, 1, true)});
  CHECK(broker.took_message_to(slow) == "stop job=1 [0,1) lease=1");
}

TEST_CASE("a failure that was counted is not counted again by its worker") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.retries = 1;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit(spec, 1);
  broker.fails(worker, job, 0, 1);
  broker.crashes();
  broker.reconnects(worker, {BrokerFixture::held(job, {0, 1}, 1, true)});
  broker.fails(worker, job, 0, 1);
  CHECK(broker.core().counters().results_stale == 1);
  CHECK(broker.core().job(job)->counts.open() == 1);
}

TEST_CASE("attempts of before are counted, told, and followed by the pause they had") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.retries = 1;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit(spec, 1);
  const Peer client = broker.client();
  broker.fails(worker, job, 0, 1, TaskReport::failed, "first");
  broker.crashes();
  broker.reconnects(worker);
  broker.ignores_messages();
  broker.stays_alive(worker);
  broker.reconnects(client);
  broker.opens(client, job, spec, 0, 1);
  broker.advance(2s);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1 attempt=2");
  broker.speaks_of_epoch(2);
  broker.fails(worker, job, 0, 1, TaskReport::failed, "second");
  const std::vector<TaskReport> reports = broker.reports_to(client);
  REQUIRE(reports.size() == 1);
  REQUIRE(reports[0].history.size() == 2);
  CHECK(reports[0].history[0].message == "first");
  CHECK(reports[0].history[1].message == "second");
}

TEST_CASE("a history tells its last attempts, and not all of what they said") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.retries = 30;
  spec.detached = true;
  const Peer worker = broker.join_worker();
  broker.stays_alive(worker);
  const JobId job = broker.submit(spec, 1);
  for (std::uint64_t lease = 1; lease <= 20; ++lease) {
    broker.fails(worker, job, 0, lease, TaskReport::failed, std::to_string(lease) + std::string(5'000, '!'));
    broker.advance(61s);
  }
  broker.crashes();
  const std::vector<TaskReport::Attempt>& history = broker.core().job(job)->histories.at(0);
  REQUIRE(history.size() == 16);
  CHECK(history.front().message.starts_with("5!"));
  CHECK(history.back().message.starts_with("20!"));
  CHECK(history.back().message.size() == 1'024);
}

TEST_CASE("after a stop in order only what was held waits") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 2);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1");
  broker.stops();
  const Peer other = broker.join_worker();
  CHECK(broker.took_message_to(other) == "tasks job=1 [1,2) lease=1");
  broker.reconnects(worker, {BrokerFixture::held(job, {0, 1}, 1, true)});
  broker.finishes(worker, job, {0, 1}, 1);
  CHECK(broker.core().counters().tasks_done == 1);
}

TEST_CASE("what was said at a stop in order holds for one start") {
  BrokerFixture broker;
  const Peer holder = broker.join_worker();
  const Peer idle = broker.join_worker({.credit_tasks = 0});
  const JobId job = broker.submit("f", 2);
  CHECK(broker.took_message_to(holder) == "tasks job=1 [0,1) lease=1");
  broker.stops();
  broker.reconnects(idle);
  broker.raises_credit(idle, 10, 10'000);
  CHECK(broker.took_message_to(idle) == "tasks job=1 [1,2) lease=1");
  broker.crashes();
  const Peer other = broker.join_worker({.slots = 2});
  CHECK(broker.took_message_to(other) == "nothing");
  broker.reconnects(idle, {BrokerFixture::held(job, {1, 2}, 1, true)});
  CHECK(broker.took_message_to(idle) == "nothing");
}

TEST_CASE("a stop in order does not hide a hand-out that nobody knows") {
  BrokerFixture broker;
  const Peer cut_off = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  CHECK(broker.took_message_to(cut_off) == "tasks job=1 [0,1) lease=1");
  broker.crashes();
  broker.advance(3s);
  broker.stops();
  broker.advance(3s);
  const Peer second = broker.join_worker();
  CHECK(broker.took_message_to(second) == "tasks job=1 [0,1) lease=1");
  broker.crashes();
  broker.reconnects(cut_off, {BrokerFixture::held(job, {0, 1}, 1, true)});
  CHECK(broker.took_message_to(cut_off) == "stop job=1 [0,1) lease=1");
}

TEST_CASE("who was given up and came back keeps its task over a restart") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  broker.started(worker, job, {0, 1}, 1);
  broker.loses_connection(worker);
  broker.advance(1s);
  broker.reconnects(worker, {BrokerFixture::held(job, {0, 1}, 1, true)});
  broker.crashes();
  const Peer other = broker.join_worker();
  CHECK(broker.took_message_to(other) == "nothing");
  broker.reconnects(worker, {BrokerFixture::held(job, {0, 1}, 1, true)});
  broker.finishes(worker, job, {0, 1}, 1);
  CHECK(broker.core().counters().tasks_done == 1);
}

TEST_CASE("a loss that was forgiven is not told after a restart") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.retries = 1;
  spec.detached = true;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit(spec, 1);
  broker.started(worker, job, {0, 1}, 1);
  broker.loses_connection(worker);
  broker.advance(1s);
  broker.reconnects(worker, {BrokerFixture::held(job, {0, 1}, 1, true)});
  broker.fails(worker, job, 0, 1, TaskReport::failed, "first");
  broker.crashes();
  const std::vector<TaskReport::Attempt>& history = broker.core().job(job)->histories.at(0);
  REQUIRE(history.size() == 1);
  CHECK(history[0].message == "first");
}

TEST_CASE("a worker that is just coming back when the wait ends is waited for at the next start, too") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  broker.crashes();
  const Peer again = broker.connect(broker.hello_of(worker));
  broker.advance(3s);
  broker.says(again, Holdings{{BrokerFixture::held(job, {0, 1}, 1, true)}, true});
  broker.crashes();
  const Peer other = broker.join_worker();
  CHECK(broker.took_message_to(other) == "nothing");
}

TEST_CASE("suspects whose arguments are in the store only run alone when these were read back") {
  BrokerConfig config;
  config.durability = "fsync";
  BrokerFixture broker(config);
  JobSpec spec = job_of();
  spec.detached = true;
  const JobId job = broker.submit(spec, 8);
  for (int deaths = 0; deaths < 3; ++deaths) {
    broker.loses_connection(broker.join_worker({.slots = 8}));
    broker.advance(500ms);
  }
  REQUIRE(broker.core().job(job)->counts.suspects == 8);
  broker.reads_at_start(0);
  broker.crashes();
  const Peer worker = broker.join_worker({.slots = 8});
  CHECK(broker.took_messages_to(worker) == std::vector<std::string>{"tasks job=1 [0,1) lease=1"});
  CHECK(broker.core().job(job)->counts.suspects == 7);
}
