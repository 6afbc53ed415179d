// Outcomes go out: one log, several readers.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

// A job whose tasks are all with one worker, under lease 1.
struct Running {
  BrokerFixture broker;
  Peer worker = broker.join_worker({.slots = 8});
  Peer client = broker.client();
  JobId job;
  explicit Running(std::uint64_t tasks, bool detached = false) {
    JobSpec spec = job_of();
    spec.detached = detached;
    job = broker.submit(spec, tasks);
    broker.ignores_messages();
    broker.took_records();
  }
  std::vector<std::string> told(Peer peer) { return broker.took_messages_to(peer); }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("outcomes arrive in the order in which tasks ended") {
  Running run(4);
  run.broker.finishes(run.worker, run.job, {2, 4}, 1);
  run.broker.finishes(run.worker, run.job, {0, 2}, 1);
  CHECK(run.told(run.client) == Lines{"outcomes job=1 at=0 [2,4)", "outcomes job=1 at=2 [0,2)"});
}

TEST_CASE("tasks leave before the word that they were accepted, which leaves before outcomes") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.together([&] {
    broker.opens(client, job, job_of());
    broker.appends(client, job, 0, 1);
  });
  CHECK(broker.heard_first(worker, client));
  broker.ignores_messages();
  broker.together([&] {
    broker.finishes(worker, job, {0, 1}, 1);
    broker.appends(client, job, 1, 1);
  });
  const Lines told = broker.took_messages_to(client);
  REQUIRE(told.size() == 2);
  CHECK(told.front().starts_with("accepted job=1"));
  CHECK(told.back().starts_with("outcomes job=1"));
}

TEST_CASE("outcomes are recorded in the turn that tells of them") {
  Running run(1);
  run.broker.finishes(run.worker, run.job, {0, 1}, 1);
  CHECK(run.broker.took_records() == Lines{"finished job=1 [0,1)"});
}

TEST_CASE("what an attached job's client acknowledges is released, and in the end forgotten") {
  Running run(2);
  run.broker.finishes(run.worker, run.job, {0, 1}, 1);
  run.broker.acknowledges(run.client, run.job, 1);
  run.broker.finishes(run.worker, run.job, {1, 2}, 1);
  run.broker.acknowledges(run.client, run.job, 2);
  CHECK(run.broker.took_records() == Lines{"finished job=1 [0,1)", "released job=1 upto=1",
                                           "finished job=1 [1,2)", "released job=1 upto=2",
                                           "summarised job=1"});
  CHECK(run.broker.core().memory_used() == 0);
  const Peer late = run.broker.join_client();
  run.broker.says(late, Attach{run.job, 0});
  CHECK(
      run.told(late).back() ==
      "job-refused job=1 not-found: its outcomes were delivered and released: only detached jobs keep them");
  run.broker.acknowledges(run.client, run.job, 2);  // again, as after a lost answer
  CHECK(run.broker.core().counters().frames_bad == 0);
}

TEST_CASE("an acknowledgement that was lost is made good by the next session") {
  Running run(1);
  run.broker.finishes(run.worker, run.job, {0, 1}, 1);
  run.broker.loses_connection(run.client);
  run.broker.reconnects(run.client);
  run.broker.opens(run.client, run.job, job_of(), 1, 1);
  CHECK(run.broker.core().job(run.job) == nullptr);
  CHECK(run.broker.core().memory_used() == 0);
}

TEST_CASE("an acknowledgement of what was not sent is counted and changes nothing") {
  Running run(2);
  run.broker.finishes(run.worker, run.job, {0, 1}, 1);
  run.broker.ignores_messages();
  run.broker.acknowledges(run.client, run.job, 2);
  CHECK(run.broker.core().counters().frames_bad == 1);
  CHECK(run.broker.core().job(run.job)->log.begin() == 0);
  CHECK(run.broker.is_silent());
}

TEST_CASE("a reader that comes back goes on where it says it is") {
  Running run(3, true);
  run.broker.finishes(run.worker, run.job, {0, 2}, 1);
  run.broker.ignores_messages();
  run.broker.loses_connection(run.client);
  run.broker.reconnects(run.client);
  JobSpec spec = job_of();
  spec.detached = true;
  run.broker.opens(run.client, run.job, spec, 1, 3);
  CHECK(run.told(run.client) == Lines{"accepted job=1 count=3 closed", "outcomes job=1 at=1 [1,2)"});
}

TEST_CASE("several readers each get the whole log") {
  Running run(2, true);
  const Peer other = run.broker.join_client("other");
  run.broker.says(other, Attach{run.job, 0});
  run.broker.finishes(run.worker, run.job, {0, 2}, 1);
  CHECK(run.told(other) == Lines{"accepted job=1 count=2 closed", "outcomes job=1 at=0 [0,2)"});
  CHECK(run.told(run.client) == Lines{"outcomes job=1 at=0 [0,2)"});
  run.broker.acknowledges(other, run.job, 2);
  run.broker.acknowledges(run.client, run.job, 2);
  CHECK(run.broker.core().job(run.job)->log.begin() == 0);  // detached: kept until it is forgotten
}

TEST_CASE("outcomes of an attached job are kept until all who read it have them") {
  Running run(2);
  const Peer other = run.broker.join_client("other");
  run.broker.says(other, Attach{run.job, 0});
  run.broker.finishes(run.worker, run.job, {0, 1}, 1);
  run.broker.acknowledges(run.client, run.job, 1);
  CHECK(run.broker.core().job(run.job)->log.begin() == 0);
  run.broker.acknowledges(other, run.job, 1);
  CHECK(run.broker.core().job(run.job)->log.begin() == 1);
}

TEST_CASE("a reader that leaves holds up nobody's outcomes") {
  Running run(1);
  const Peer other = run.broker.join_client("other");
  run.broker.says(other, Attach{run.job, 0});
  run.broker.finishes(run.worker, run.job, {0, 1}, 1);
  run.broker.acknowledges(run.client, run.job, 1);
  REQUIRE(run.broker.core().job(run.job) != nullptr);
  SECTION("its connection breaks") { run.broker.loses_connection(other); }
  SECTION("it says goodbye") { run.broker.says(other, Goodbye{}); }
  SECTION("it reads no more") { run.broker.acknowledges(other, run.job, kReadsNoMore); }
  SECTION("it falls silent") {
    run.broker.stays_alive(run.client);
    run.broker.advance(kLease + 1ms);
  }
  CHECK(run.broker.core().job(run.job) == nullptr);
  CHECK(run.broker.core().memory_used() == 0);
}

TEST_CASE("an owner that has read all and speaks of its job no more is not waited for") {
  Running run(1);
  const Peer other = run.broker.join_client("other");
  run.broker.says(other, Attach{run.job, 0});
  run.broker.finishes(run.worker, run.job, {0, 1}, 1);
  run.broker.acknowledges(run.client, run.job, 1);
  run.broker.loses_connection(run.client);
  run.broker.reconnects(run.client);
  run.broker.acknowledges(other, run.job, 1);
  CHECK(run.broker.core().job(run.job) == nullptr);
}

TEST_CASE("who asks for outcomes that were released is told so") {
  Running run(2);
  run.broker.finishes(run.worker, run.job, {0, 1}, 1);
  run.broker.acknowledges(run.client, run.job, 1);
  const Peer late = run.broker.join_client("late");
  run.broker.says(late, Attach{run.job, 0});
  CHECK(run.told(late) == Lines{"job-refused job=1 not-found: its first outcomes were delivered to its owner "
                                "and released"});
}

TEST_CASE("a reader that does not acknowledge gets a window's worth, and the rest when it does") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 4});
  const JobId job = broker.submit("f", 4);
  broker.ignores_messages();
  const Values large(1, std::string(9 << 20, 'x'));
  for (std::uint64_t index = 0; index < 4; ++index)
    broker.says_to_sink(worker, WorkerResults{{{job, index, 1, 1, 10, {}, large.column()}}});
  CHECK(broker.took_messages_to(broker.client()) ==
        Lines{"outcomes job=1 at=0 [0,1)", "outcomes job=1 at=1 [1,2)"});
  broker.acknowledges(broker.client(), job, 1);
  CHECK(broker.took_messages_to(broker.client()) == Lines{"outcomes job=1 at=2 [2,3)"});
}

TEST_CASE("the window is the client's, and beyond it each job has one frame on the way") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 9});
  const Values large(1, std::string(9 << 20, 'x'));
  std::vector<JobId> jobs;
  for (int number = 0; number < 3; ++number) jobs.push_back(broker.submit("f", 3));
  broker.ignores_messages();
  std::uint64_t lease = 0;
  for (const JobId& job : jobs) {
    ++lease;
    for (std::uint64_t index = 0; index < 3; ++index)
      broker.says_to_sink(worker, WorkerResults{{{job, index, 1, lease, 10, {}, large.column()}}});
  }
  CHECK(broker.took_messages_to(broker.client()) ==
        Lines{"outcomes job=1 at=0 [0,1)", "outcomes job=1 at=1 [1,2)", "outcomes job=2 at=0 [0,1)",
              "outcomes job=3 at=0 [0,1)"});
  // Whoever waits for the others, in whatever order, gets them.
  broker.acknowledges(broker.client(), jobs[2], 1);
  CHECK(broker.took_messages_to(broker.client()) == Lines{"outcomes job=3 at=1 [1,2)"});
  broker.acknowledges(broker.client(), jobs[2], 2);
  CHECK(broker.took_messages_to(broker.client()) == Lines{"outcomes job=3 at=2 [2,3)"});
}

TEST_CASE("what was read in an earlier session counts, although this one has not sent it yet") {
  Running run(2);
  run.broker.finishes(run.worker, run.job, {0, 2}, 1);
  run.broker.ignores_messages();
  run.broker.loses_connection(run.client);
  run.broker.reconnects(run.client);
  run.broker.together([&] {
    run.broker.opens(run.client, run.job, job_of(), 1, 2);
    run.broker.acknowledges(run.client, run.job, 2);
  });
  CHECK(run.broker.core().job(run.job) == nullptr);
  CHECK(run.broker.core().counters().frames_bad == 0);
}

TEST_CASE("outcomes of a detached job are kept for seven days") {
  Running run(1, true);
  run.broker.finishes(run.worker, run.job, {0, 1}, 1);
  run.broker.stays_alive(run.client);
  run.broker.advance(7 * 24h - 1s);
  CHECK(run.broker.core().job(run.job) != nullptr);
  run.broker.advance(1s);
  CHECK(run.broker.core().job(run.job) == nullptr);
  CHECK(run.broker.core().memory_used() == 0);
}

TEST_CASE("who still reads a job that is forgotten hears of it") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.detached = true;
  const Peer worker = broker.join_worker({.slots = 3});
  const JobId job = broker.submit(spec, 3);
  const Values large(1, std::string(9 << 20, 'x'));
  for (std::uint64_t index = 0; index < 3; ++index)
    broker.says_to_sink(worker, WorkerResults{{{job, index, 1, 1, 10, {}, large.column()}}});
  broker.ignores_messages();
  const Peer admin = broker.join_client("admin");
  broker.asks(admin, "job.forget", {{"job", to_string(job)}});
  CHECK(broker.took_message_to(broker.client()) == "job-refused job=1 not-found: the job was forgotten");
}

TEST_CASE("room for output goes from who watches an attempt to who runs it") {
  Running run(2);
  run.broker.says(run.client, OutputRoom{run.job, 1, 1, 5'000'000});
  CHECK(run.told(run.worker) == Lines{"output-room job=1 index=1 upto=5000000"});
  run.broker.says(run.client, OutputRoom{run.job, 1, 2, 5'000'000});  // another attempt
  run.broker.says(run.client, OutputRoom{run.job, 2, 1, 5'000'000});  // no such task
  run.broker.says(run.broker.join_client("stranger"), OutputRoom{run.job, 1, 1, 9});
  run.broker.finishes(run.worker, run.job, {1, 2}, 1);
  run.broker.ignores_messages();
  run.broker.says(run.client, OutputRoom{run.job, 1, 1, 5'000'000});  // it is over
  CHECK(run.broker.is_silent());
}

TEST_CASE("progress and output of a running task reach who reads its job, and of others nobody") {
  Running run(1);
  run.broker.says(run.worker, WorkerProgress{run.job, 0, 1, 1, 3, 10, "half"});
  run.broker.says(run.worker, Output{run.job, 0, 1, 1, 1, 1, 0, "text"});
  CHECK(run.told(run.client) == Lines{"progress job=1 index=0 3/10", "output job=1 index=0 text"});
  const Peer stranger = run.broker.join_worker();
  run.broker.says(stranger, WorkerProgress{run.job, 0, 1, 1, 9, 10, ""});
  run.broker.says(run.worker, WorkerProgress{run.job, 0, 1, 2, 9, 10, ""});
  run.broker.says(run.worker, Output{run.job, 7, 1, 1, 1, 1, 0, "text"});
  CHECK(run.broker.is_silent());
}

TEST_CASE("what an attempt wrote last is shown also if the report of its failure was faster") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.retries = 1;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit(spec, 1);
  broker.fails(worker, job, 0, 1);
  broker.ignores_messages();
  broker.says(worker, Output{job, 0, 1, 1, 1, 1, 0, "text"});
  CHECK(broker.took_messages_to(broker.client()) == Lines{"output job=1 index=0 text"});
  broker.stays_alive(worker);
  broker.stays_alive(broker.client());
  broker.advance(1min);
  broker.ignores_messages();  // among them the second attempt's
  broker.says(worker, Output{job, 0, 1, 1, 1, 1, 4, "more"});
  CHECK(broker.took_messages_to(broker.client()).empty());
}
