#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

TEST_CASE("a job that is cancelled twice in a turn was cancelled") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 1);
  broker.together([&] {
    broker.says(broker.client(), Cancel{job, 0, 0});
    broker.says(broker.client(), Cancel{job, 0, 0});
  });
  CHECK(broker.core().job(job)->state == JobState::Cancelled);
}

TEST_CASE("what crosses a cancel that found nothing to cancel is no conflict") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  JobSpec spec = job_of();
  spec.fails_max = 1;
  const JobId job = broker.new_job_id();
  broker.opens(broker.client(), job, spec);
  broker.appends(broker.client(), job, 0, 1);
  broker.fails(worker, job, 0, 1);
  broker.ignores_messages();
  broker.appends(broker.client(), job, 1, 1);
  CHECK(broker.took_message_to(broker.client()) == "accepted job=1 count=1 closed");
}

TEST_CASE("a cancelled job ends at once, whatever its workers still say") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 3);
  broker.ignores_messages();
  broker.says(broker.client(), Cancel{job, 0, 0});
  CHECK(broker.took_message_to(worker) == "stop job=1 [0,1) lease=1");
  CHECK(broker.took_message_to(broker.client()) == "accepted job=1 count=3 closed");
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [0,1) cancelled [1,3) cancelled");
  broker.finishes(worker, job, {0, 1}, 1);
  CHECK(broker.took_message_to(worker) == "stored upto=1");
  CHECK(broker.core().counters().results_stale == 1);
  CHECK(broker.is_silent());
}

TEST_CASE("some tasks of a job can be cancelled, and the others run") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 4);
  broker.says(broker.client(), Cancel{job, 1, 2});
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [1,3) cancelled");
  const Peer worker = broker.join_worker({.slots = 4});
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1, job=1 [3,4) lease=2");
  CHECK(broker.is_silent());
}

TEST_CASE("cancelling beyond the end, again, or what is over changes nothing") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 2);
  broker.says(broker.client(), Cancel{job, 5, 7});
  broker.says(broker.client(), Cancel{job, 1, ~0ULL});
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [1,2) cancelled");
  broker.says(broker.client(), Cancel{job, 1, 1});
  CHECK(broker.is_silent());
}

TEST_CASE("nobody cancels another client's job") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 1);
  const Peer stranger = broker.join_client("other");
  broker.says(stranger, Cancel{job, 0, 0});
  CHECK(broker.took_message_to(stranger) == "job-refused job=1 not-yours: not your job");
  CHECK(broker.core().job(job)->counts.ready == 1);
  CHECK(broker.is_silent());
}

TEST_CASE("a batch that crossed the cancel on its way is answered with the final count") {
  BrokerFixture broker;
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  broker.appends(client, job, 0, 2);
  broker.says(client, Cancel{job, 0, 0});
  broker.ignores_messages();
  broker.appends(client, job, 2, 2);
  CHECK(broker.took_message_to(client) == "accepted job=1 count=2 closed");
  CHECK(broker.is_silent());
}
