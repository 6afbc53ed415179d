// Which worker gets how many tasks, and what is taken back.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

// The job's tasks take so long, and the broker knows it: its first task ran on `worker`.
void measure(BrokerFixture& broker, Peer worker, const JobId& job, std::chrono::microseconds each) {
  broker.finishes(worker, job, {0, 1}, 1, each);
  broker.ignores_messages();
}

// An open job of which the broker knows that: its first task ran on `worker`, under this lease.
JobId open_measured(BrokerFixture& broker, Peer worker, std::uint64_t lease, std::chrono::microseconds each,
                    const JobSpec& spec = job_of()) {
  const JobId job = broker.new_job_id();
  broker.opens(broker.client(), job, spec);
  broker.appends(broker.client(), job, 0, 1);
  broker.advance(std::chrono::milliseconds(spec.delay_ms));
  broker.ignores_messages();
  broker.finishes(worker, job, {0, 1}, lease, each);
  broker.ignores_messages();
  return job;
}

std::uint64_t tasks_held_by(BrokerFixture& broker, std::size_t at) {
  return std::next(broker.core().roster().all().begin(), static_cast<std::ptrdiff_t>(at))
      ->second->outstanding;
}

}  // namespace

TEST_CASE("tasks of unknown duration are handed out one per slot") {
  BrokerFixture broker;
  broker.submit("f", 100);
  const Peer worker = broker.join_worker({.slots = 3});
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,3) lease=1");
  CHECK(broker.is_silent());
}

TEST_CASE("long tasks do not wait at a worker behind others") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 100);
  broker.took_message_to(worker);
  broker.finishes(worker, job, {0, 1}, 1, 1s);
  CHECK(broker.took_messages_to(worker) ==
        std::vector<std::string>{"tasks job=1 [1,2) lease=2", "stored upto=1"});
}

TEST_CASE("of short tasks about 50 ms a slot are handed out") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 2});
  const JobId job = broker.submit("f", 1'000);
  broker.finishes(worker, job, {0, 2}, 1, 1ms);
  CHECK(tasks_held_by(broker, 0) >= 95);
  CHECK(tasks_held_by(broker, 0) <= 105);
}

TEST_CASE("few short tasks are shared among the workers that stand by") {
  BrokerFixture broker;
  const Peer first = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  measure(broker, first, job, 1ms);
  const Peer second = broker.join_worker();
  const JobId open = open_measured(broker, first, 2, 1ms);
  broker.appends(broker.client(), open, 1, 20);
  CHECK(broker.took_message_to(first) == "tasks job=2 [1,11) lease=3");
  CHECK(broker.took_message_to(second) == "tasks job=2 [11,21) lease=4");
}

TEST_CASE("tasks too short to be worth a message each go to one worker together, whoever else stands by") {
  BrokerFixture broker;
  const Peer first = broker.join_worker();
  const Peer second = broker.join_worker();
  const JobId job = open_measured(broker, first, 1, 10us);
  broker.appends(broker.client(), job, 1, 30);
  CHECK(broker.took_message_to(first) == "tasks job=1 [1,21) lease=2");
  CHECK(broker.took_message_to(second) == "tasks job=1 [21,31) lease=3");
}

TEST_CASE("that a short task came first brings a worker no more of the long ones behind it") {
  BrokerFixture broker;
  const Peer first = broker.join_worker();
  broker.join_worker();
  JobSpec later = job_of();
  later.delay_ms = 1'000;  // so that all become ready in the same turn
  const JobId shorts = open_measured(broker, first, 1, 1us, later);
  const JobId longs = open_measured(broker, first, 2, 10ms, later);
  broker.appends(broker.client(), shorts, 1, 1);
  broker.appends(broker.client(), longs, 1, 3);
  broker.advance(1s);
  CHECK(tasks_held_by(broker, 0) == 2);
  CHECK(tasks_held_by(broker, 1) == 2);
}

TEST_CASE("a job is spread over idle workers, the least loaded first") {
  BrokerFixture broker;
  const Peer one = broker.join_worker({.slots = 2});
  const Peer two = broker.join_worker({.slots = 2});
  broker.submit("f", 1);
  CHECK(broker.took_message_to(one) == "tasks job=1 [0,1) lease=1");
  broker.submit("f", 2);
  CHECK(broker.took_message_to(two) == "tasks job=2 [0,1) lease=2");
  CHECK(broker.took_message_to(one) == "tasks job=2 [1,2) lease=3");
  CHECK(broker.is_silent());
}

TEST_CASE("free slots are filled although others of the kind are busy") {
  BrokerFixture broker;
  broker.join_worker({.slots = 4});
  broker.submit("f", 4);
  const Peer free = broker.join_worker({.slots = 4});
  broker.submit("f", 4);
  CHECK(broker.took_message_to(free) == "tasks job=2 [0,4) lease=2");
}

TEST_CASE("a worker is never given more tasks than it granted") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 8, .credit_tasks = 3});
  const JobId job = broker.submit("f", 8);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,3) lease=1");
  broker.finishes(worker, job, {0, 3}, 1);
  CHECK(broker.took_message_to(worker) == "stored upto=1");
  broker.raises_credit(worker, 2, 0);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [3,5) lease=2");
}

TEST_CASE("a worker is given more bytes than it granted by one task at most") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 8, .credit_bytes = 250});
  const JobId job = broker.new_job_id();
  broker.opens(broker.client(), job, job_of());
  broker.appends(broker.client(), job, 0, 5, std::string(100, 'a'));
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,2) lease=1, job=1 [2,3) lease=2");
  broker.raises_credit(worker, 0, 50);
  CHECK(broker.took_message_to(worker) == "nothing");
  broker.raises_credit(worker, 0, 1);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [3,4) lease=3");
}

TEST_CASE("a large task at the head does not keep free slots from anybody") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 3, .credit_bytes = 250});
  broker.submit("f", 1);  // it runs for long
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1");
  const JobId large = broker.new_job_id();
  broker.opens(broker.client(), large, job_of());
  broker.appends(broker.client(), large, 0, 1, std::string(10'000, 'a'));
  CHECK(broker.took_message_to(worker) == "tasks job=2 [0,1) lease=2");
}

TEST_CASE("a job that a worker cannot take now does not keep it from others") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.resources = {{"gpu", 1}};
  spec.priority = 9;
  const Peer worker = broker.join_worker({.slots = 4, .resources = {{"gpu", 1}}});
  broker.submit(spec, 3);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1");
  broker.submit("f", 5);
  CHECK(broker.took_message_to(worker) == "tasks job=2 [0,3) lease=2");
}

TEST_CASE("workers that took all they can are not asked again for every result of another") {
  BrokerFixture broker;
  std::vector<Peer> workers;
  for (int number = 0; number < 50; ++number) workers.push_back(broker.join_worker());
  const JobId job = broker.submit("f", 1'000);
  for (const Peer worker : workers) broker.finishes(worker, job, {worker.number, worker.number + 1}, 1, 30ms);
  // 30 ms of 50 are used, and 20 ms are left: too little for another one.
  for (const auto& [number, worker] : broker.core().roster().all()) {
    CHECK(worker->outstanding == 1);
    CHECK_FALSE(worker->idle_entry.has_value());
  }
}

TEST_CASE("resources are taken by tasks and free again after them") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 8, .resources = {{"gpu", 1}}});
  JobSpec spec = job_of();
  spec.resources = {{"gpu", 0.4}};
  const JobId job = broker.submit(spec, 5);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,2) lease=1");
  broker.finishes(worker, job, {0, 1}, 1);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [2,3) lease=2");
  broker.submit("f", 1);
  CHECK(broker.took_messages_to(worker) ==
        std::vector<std::string>{"stored upto=1", "tasks job=2 [0,1) lease=3"});  // needs none
}

TEST_CASE("fractions of a resource add up to the whole") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 16, .resources = {{"gpu", 1}}});
  JobSpec tenth = job_of();
  tenth.resources = {{"gpu", 0.1}};
  const JobId job = broker.submit(tenth, 10);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,10) lease=1");
  for (std::uint64_t index = 0; index < 10; ++index) broker.finishes(worker, job, {index, index + 1}, 1);
  broker.ignores_messages();
  JobSpec all = job_of();
  all.resources = {{"gpu", 1}};
  broker.submit(all, 1);
  CHECK(broker.took_message_to(worker) == "tasks job=2 [0,1) lease=2");
}

TEST_CASE("a worker whose resources are taken does not keep tasks from another") {
  BrokerFixture broker;
  const Peer taken = broker.join_worker({.slots = 4, .resources = {{"gpu", 1}}});
  const Peer loaded = broker.join_worker({.slots = 4, .resources = {{"gpu", 1}}});
  JobSpec spec = job_of();
  spec.resources = {{"gpu", 1}};
  broker.submit(spec, 1);
  CHECK(broker.took_message_to(taken) == "tasks job=1 [0,1) lease=1");
  broker.submit("f", 4);
  broker.ignores_messages();
  broker.submit(spec, 1);
  CHECK(broker.took_message_to(loaded).starts_with("tasks job=3 [0,1)"));
}

TEST_CASE("the higher priority is served first, on whichever class it waits") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  broker.submit(spec, 1);
  spec.priority = 1;
  spec.labels = {{"zone", "a"}};
  broker.submit(spec, 1);
  const Peer worker = broker.join_worker({.labels = {{"zone", "a"}}});
  CHECK(broker.took_message_to(worker) == "tasks job=2 [0,1) lease=1");
}

TEST_CASE("a job that asks for what nobody offers waits for who does") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.queue = "big";
  broker.submit(spec, 1);
  const Peer small = broker.join_worker();
  CHECK(broker.took_message_to(small) == "nothing");
  const Peer big = broker.join_worker({.queues = {"big"}});
  CHECK(broker.took_message_to(big) == "tasks job=1 [0,1) lease=1");
}

// A worker with 49 tasks of 1 ms, and nothing is ready.
struct Overloaded {
  BrokerFixture broker;
  Peer loaded = broker.join_worker();
  JobId job = broker.submit("f", 50);
  Overloaded() {
    broker.stays_alive(broker.client());
    measure(broker, loaded, job, 1ms);
  }
};

TEST_CASE("an idle worker gets the later half of what waits at another") {
  Overloaded rig;
  CHECK(tasks_held_by(rig.broker, 0) == 49);
  const Peer idle = rig.broker.join_worker();
  CHECK(rig.broker.took_message_to(rig.loaded) == "retract job=1 [25,50) lease=2");
  rig.broker.returns(rig.loaded, rig.job, {25, 50}, 2);
  CHECK(rig.broker.took_message_to(idle) == "tasks job=1 [25,50) lease=3");
  CHECK(rig.broker.core().counters().tasks_returned == 25);
  CHECK(rig.broker.is_silent());
}

TEST_CASE("a worker that cannot take more hides nobody with free slots") {
  BrokerFixture broker;
  const Peer small = broker.join_worker();
  const JobId shorts = broker.submit("f", 2);
  broker.finishes(small, shorts, {0, 1}, 1, 1ms);  // it holds one more of 1 ms, and has room for such
  const Peer large = broker.join_worker({.slots = 8, .functions = {{"f", "()"}, {"long", "()"}}});
  broker.submit("long", 2);
  broker.ignores_messages();
  broker.submit("f", 1);  // not measured: taken for a long one
  CHECK(broker.took_message_to(large) == "tasks job=3 [0,1) lease=4");
}

TEST_CASE("a worker that gave back tasks and has none left gets the next ones at once") {
  Overloaded rig;
  const Peer idle = rig.broker.join_worker();
  rig.broker.finishes(rig.loaded, rig.job, {1, 25}, 2, 1ms);  // before the answer, on its other lane
  rig.broker.ignores_messages();
  rig.broker.returns(rig.loaded, rig.job, {25, 50}, 2);
  CHECK(rig.broker.took_message_to(rig.loaded).starts_with("tasks"));
  CHECK(rig.broker.took_message_to(idle).starts_with("tasks"));
}

TEST_CASE("a holder with nothing to give back is asked again after a while") {
  Overloaded rig;
  rig.broker.stays_alive(rig.loaded);
  const Peer idle = rig.broker.join_worker();
  rig.broker.stays_alive(idle);
  rig.broker.ignores_messages();
  rig.broker.advance(999ms);
  CHECK(rig.broker.is_silent());
  rig.broker.advance(3s);  // the next frame of anybody
  CHECK(rig.broker.took_message_to(rig.loaded) == "retract job=1 [25,50) lease=2");
}

TEST_CASE("nothing is taken back while the answer to an earlier request is awaited") {
  Overloaded rig;
  const Peer idle = rig.broker.join_worker();
  rig.broker.ignores_messages();
  rig.broker.advance(100ms);
  rig.broker.says(idle, Heartbeat{});
  CHECK(rig.broker.is_silent());
}

TEST_CASE("tasks that started meanwhile stay where they are") {
  Overloaded rig;
  const Peer idle = rig.broker.join_worker();
  rig.broker.ignores_messages();
  rig.broker.returns(rig.loaded, rig.job, {40, 50}, 2);
  CHECK(rig.broker.took_message_to(idle) == "tasks job=1 [40,50) lease=3");
}

TEST_CASE("nothing is taken back for a worker that could not run it") {
  Overloaded rig;
  rig.broker.join_worker({.functions = {{"g", "()"}}});
  CHECK(rig.broker.is_silent());
}

TEST_CASE("a little that waits is left alone") {
  BrokerFixture broker;
  const Peer loaded = broker.join_worker();
  const JobId job = broker.submit("f", 20);
  measure(broker, loaded, job, 1ms);  // 19 ms of work
  broker.join_worker();
  CHECK(broker.is_silent());
}

TEST_CASE("a little that waits behind a task which takes unexpectedly long is taken back") {
  BrokerFixture broker;
  const Peer loaded = broker.join_worker();
  const JobId job = broker.submit("f", 5);
  measure(broker, loaded, job, 1ms);
  broker.stays_alive(broker.client());
  const Peer idle = broker.join_worker();
  broker.stays_alive(idle);
  broker.advance(301ms);
  CHECK(broker.took_message_to(loaded) == "retract job=1 [3,5) lease=2");
}

TEST_CASE("a draining worker gets nothing new, and what it returns is free of charge") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 2});
  const JobId job = broker.submit("f", 3);
  broker.ignores_messages();
  broker.says(worker, Drain{});
  broker.returns(worker, job, {1, 2}, 1);
  CHECK(broker.took_message_to(worker) == "nothing");
  broker.finishes(worker, job, {0, 1}, 1);
  CHECK(broker.took_message_to(worker) == "stored upto=1");
  broker.says(worker, Goodbye{});
  CHECK(broker.core().roster().all().empty());
  const Peer other = broker.join_worker({.slots = 2});
  CHECK(broker.took_message_to(other) == "tasks job=1 [1,2) lease=2, job=1 [2,3) lease=3");
  CHECK(broker.core().counters().tasks_lost == 0);
}
