// Failures, counted apart; retries, delays, deadlines, timeouts.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

JobSpec with_retries(std::uint32_t retries) {
  JobSpec spec = job_of();
  spec.retries = retries;
  return spec;
}

}  // namespace

TEST_CASE("without retries the first failure is the outcome, with its whole story") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  broker.fails(worker, job, 0, 1, TaskReport::failed, "no such file");
  const std::vector<TaskReport> reports = broker.reports_to(broker.client());
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].kind == TaskReport::failed);
  CHECK(reports[0].message == "no such file");
  CHECK(reports[0].worker == "w0");
  CHECK(reports[0].host == "host");
  CHECK(reports[0].attempts == 1);
  CHECK(reports[0].history.size() == 1);
}

TEST_CASE("a failed task is tried again after a pause, and its history tells of each attempt") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  broker.stays_alive(worker);
  broker.stays_alive(broker.client());
  const JobId job = broker.submit(with_retries(1), 1);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1");
  broker.fails(worker, job, 0, 1, TaskReport::failed, "first");
  CHECK(broker.took_message_to(worker) == "stored upto=1");
  CHECK(broker.took_message_to(broker.client()) == "nothing");
  broker.advance(1s);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=2 attempt=2");
  broker.fails(worker, job, 0, 2, TaskReport::crashed, "second");
  const std::vector<TaskReport> reports = broker.reports_to(broker.client());
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].kind == TaskReport::crashed);
  CHECK(reports[0].attempts == 2);
  REQUIRE(reports[0].history.size() == 2);
  CHECK(reports[0].history[0].message == "first");
  CHECK(reports[0].history[1].kind == TaskReport::crashed);
}

TEST_CASE("errors and crashes are bounded together, losses are not counted with them") {
  BrokerFixture broker;
  broker.stays_alive(broker.client());
  const JobId job = broker.submit(with_retries(1), 1);
  const Peer dying = broker.join_worker();
  broker.started(dying, job, {0, 1}, 1);
  broker.loses_connection(dying);
  broker.advance(1s);
  const Peer worker = broker.join_worker();
  broker.stays_alive(worker);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=2 attempt=2");
  broker.fails(worker, job, 0, 2);
  broker.advance(1s);
  broker.ignores_messages();
  broker.fails(worker, job, 0, 3, TaskReport::crashed);
  const std::vector<TaskReport> reports = broker.reports_to(broker.client());
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].history.size() == 3);
  CHECK(broker.core().counters().tasks_lost == 1);
}

TEST_CASE("a task that takes down worker after worker ends as lost") {
  BrokerConfig config;
  config.lost_limit = 2;
  BrokerFixture broker(config);
  broker.stays_alive(broker.client());
  const JobId job = broker.submit("f", 1);
  for (std::uint64_t lease = 1; lease <= 3; ++lease) {
    const Peer victim = broker.join_worker();
    broker.started(victim, job, {0, 1}, lease);
    broker.loses_connection(victim);
    broker.advance(1s);
  }
  const std::vector<TaskReport> reports = broker.reports_to(broker.client());
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].kind == TaskReport::lost);
  CHECK(reports[0].history.size() == 3);
}

TEST_CASE("a worker that was given up and comes back with its task has lost nothing") {
  BrokerConfig config;
  config.lost_limit = 2;
  BrokerFixture broker(config);
  const Peer flapping = broker.join_worker();
  broker.stays_alive(broker.client());
  const JobId job = broker.submit("f", 1);
  broker.started(flapping, job, {0, 1}, 1);
  for (int outage = 0; outage < 5; ++outage) {
    broker.loses_connection(flapping);
    broker.advance(1s);
    broker.reconnects(flapping, {BrokerFixture::held(job, {0, 1}, 1, true)});
  }
  SECTION("its result counts") {
    broker.ignores_messages();
    broker.finishes(flapping, job, {0, 1}, 1);
    CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [0,1)");
  }
  SECTION("a later failure tells of one attempt") {
    broker.fails(flapping, job, 0, 1);
    const std::vector<TaskReport> reports = broker.reports_to(broker.client());
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].attempts == 1);
    CHECK(reports[0].history.size() == 1);
  }
}

TEST_CASE("a task that a returning worker lists as started is charged when it is lost") {
  BrokerConfig config;
  config.lost_limit = 0;
  BrokerFixture broker(config);
  const Peer worker = broker.join_worker();
  broker.stays_alive(broker.client());
  const JobId job = broker.submit("f", 1);
  broker.loses_connection(worker);  // and with it what it said of the start
  broker.reconnects(worker, {BrokerFixture::held(job, {0, 1}, 1, true)});
  broker.loses_connection(worker);
  broker.advance(1s);
  const std::vector<TaskReport> reports = broker.reports_to(broker.client());
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].kind == TaskReport::lost);
}

TEST_CASE("histories tell of the last attempts, in short, and only of those the broker saw") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  broker.stays_alive(worker);
  broker.stays_alive(broker.client());
  const JobId job = broker.submit(with_retries(20), 1);
  const std::string story(5'000, 'x');
  for (std::uint64_t lease = 1; lease <= 21; ++lease) {
    broker.fails(worker, job, 0, lease, TaskReport::failed, story);
    broker.advance(61s);
  }
  const std::vector<TaskReport> reports = broker.reports_to(broker.client());
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].attempts == 21);
  CHECK(reports[0].message.size() == story.size());
  REQUIRE(reports[0].history.size() == 16);
  CHECK(reports[0].history.front().number == 6);
  CHECK(reports[0].history.front().message.size() == 1'024);
}

TEST_CASE("tasks that had not started when their worker vanished go back free of charge") {
  BrokerFixture broker;
  broker.stays_alive(broker.client());
  const JobId job = broker.submit("f", 2);
  const Peer dying = broker.join_worker({.slots = 2});
  broker.started(dying, job, {0, 1}, 1);
  broker.loses_connection(dying);
  broker.advance(1s);
  CHECK(broker.core().counters().tasks_lost == 1);
  CHECK(broker.core().counters().tasks_returned == 1);
  const Peer worker = broker.join_worker({.slots = 2});
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=2 attempt=2, job=1 [1,2) lease=3");
}

TEST_CASE("backoff is anywhere between nothing and a bound that doubles up to the limit") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 64});
  broker.stays_alive(worker);
  broker.stays_alive(broker.client());
  const JobId job = broker.submit(with_retries(100), 64);
  std::chrono::milliseconds bound = 1s;
  for (int attempt = 1; attempt <= 8;
       ++attempt, bound = std::min<std::chrono::milliseconds>(bound * 2, 60s)) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> held;  // (index, lease)
    broker.core().job(job)->segments.for_each({0, 64}, [&](IndexRange part, const SegmentState& state) {
      for (std::uint64_t index = part.lo; index < part.hi; ++index)
        held.emplace_back(index, state.token.lease);
    });
    broker.together([&] {
      for (const auto& [index, lease] : held) broker.fails(worker, job, index, lease);
    });
    const std::uint64_t delayed = broker.core().job(job)->counts.delayed;
    CHECK(delayed >= 60);  // hardly any draws nothing at all
    broker.advance(bound / 2);
    const std::uint64_t after_half = broker.core().job(job)->counts.delayed;
    CHECK(after_half >= 10);
    CHECK(after_half <= 54);
    broker.advance(bound / 2 + 1ms);
    CHECK(broker.core().job(job)->counts.delayed == 0);
    CHECK(broker.core().job(job)->counts.leased == 64);
  }
}

TEST_CASE("a delayed task is handed out when its time has come, not before") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  broker.stays_alive(worker);
  JobSpec spec = job_of();
  spec.delay_ms = 2'000;
  broker.submit(spec, 1);
  broker.advance(1'999ms);
  CHECK(broker.took_message_to(worker) == "nothing");
  broker.advance(1ms);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1");
}

TEST_CASE("a deadline ends what waits and stops what runs") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  broker.stays_alive(worker);
  broker.stays_alive(broker.client());
  JobSpec spec = job_of();
  spec.deadline_ms = 2'000;
  const JobId job = broker.submit(spec, 2);
  broker.ignores_messages();
  broker.advance(2s);
  CHECK(broker.took_message_to(worker) == "stop job=1 [0,1) lease=1");
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [0,1) expired [1,2) expired");
  broker.finishes(worker, job, {0, 1}, 1);
  CHECK(broker.took_message_to(worker) == "stored upto=1");
  CHECK(broker.is_silent());
}

TEST_CASE("a job with a deadline has one timer, and each of its batches its own end") {
  BrokerFixture broker;
  broker.stays_alive(broker.client());
  JobSpec spec = job_of();
  spec.deadline_ms = 60'000;
  spec.detached = true;
  const JobId job = broker.new_job_id();
  broker.opens(broker.client(), job, spec);
  for (std::uint64_t batch = 0; batch < 10; ++batch) {
    broker.appends(broker.client(), job, batch, 1);
    broker.advance(1s);
  }
  CHECK(broker.core().timers() < 5);
  broker.advance(50s);
  CHECK(broker.core().job(job)->counts.failed[TaskReport::expired] == 1);
  broker.advance(9s);
  CHECK(broker.core().job(job)->counts.failed[TaskReport::expired] == 10);
}

TEST_CASE("the timeout of an attempt is the worker's to watch, and its word counts as a failure") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  JobSpec spec = job_of();
  spec.timeout_ms = 50;
  const JobId job = broker.submit(spec, 1);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1 timeout=50ms");
  broker.fails(worker, job, 0, 1, TaskReport::timed_out);
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [0,1) timed_out");
}

TEST_CASE("after as many failures as a job allows, the rest of it is cancelled") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  JobSpec spec = job_of();
  spec.fails_max = 1;
  const JobId job = broker.submit(spec, 3);
  broker.ignores_messages();
  broker.fails(worker, job, 0, 1);
  CHECK(broker.took_messages_to(broker.client()) ==
        std::vector<std::string>{"accepted job=1 count=3 closed",
                                 "outcomes job=1 at=0 [0,1) failed [1,3) cancelled"});
  CHECK(broker.took_message_to(worker) == "stored upto=1");
  CHECK(broker.is_silent());
}

TEST_CASE("a worker's claim of a kind that is not its to say counts as a failure") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  broker.fails(worker, job, 0, 1, TaskReport::expired);
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [0,1) failed");
}

TEST_CASE("a delay ends with its job") {
  BrokerFixture broker;
  const Peer client = broker.client();
  JobSpec spec = job_of();
  spec.delay_ms = 30ULL * 24 * 3'600'000;
  const std::size_t before = broker.core().timers();
  const JobId job = broker.submit(spec, 3);
  CHECK(broker.core().timers() == before + 1);
  broker.says(client, Cancel{job, 0, 0});
  broker.acknowledges(client, job, 3);
  CHECK(broker.core().job(job) == nullptr);
  CHECK(broker.core().timers() == before);
}
