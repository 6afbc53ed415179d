// A broker starts on what an earlier one left: jobs and their clients.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

TEST_CASE("a client that comes back gets what it has not read, once") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 2});
  const JobSpec spec = job_of();
  const JobId job = broker.submit(spec, 2);
  const Peer client = broker.client();
  broker.finishes(worker, job, {0, 1}, 1);
  broker.acknowledges(client, job, 1);
  broker.finishes(worker, job, {1, 2}, 1);
  broker.crashes();
  broker.ignores_messages();
  broker.reconnects(client);
  broker.opens(client, job, spec, 1, 2);
  CHECK(broker.took_messages_to(client) ==
        std::vector<std::string>{"accepted job=1 count=2 closed", "outcomes job=1 at=1 [1,2)"});
  broker.acknowledges(client, job, 2);
  CHECK(broker.core().job(job) == nullptr);
}

TEST_CASE("who read half of a range goes on in its middle") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 5});
  const JobSpec spec = job_of();
  const JobId job = broker.submit(spec, 5);
  const Peer client = broker.client();
  broker.finishes(worker, job, {0, 2}, 1);
  broker.finishes(worker, job, {2, 5}, 1);
  broker.acknowledges(client, job, 3);
  broker.crashes();
  broker.ignores_messages();
  broker.reconnects(client);
  broker.opens(client, job, spec, 3, 5);
  CHECK(broker.took_messages_to(client) ==
        std::vector<std::string>{"accepted job=1 count=5 closed", "outcomes job=1 at=3 [3,5)"});
}

TEST_CASE("what its owner has read for good stays for other readers, who may come back after a restart") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit("f", 1);
  const Peer owner = broker.client();
  const Peer reader = broker.join_client();
  broker.says(reader, Attach{job, 0});
  broker.finishes(worker, job, {0, 1}, 1);
  broker.acknowledges(owner, job, 1);  // and forgets the job
  broker.crashes();
  broker.ignores_messages();
  broker.reconnects(owner);
  broker.stays_alive(owner);
  SECTION("it does") {
    broker.advance(50s);
    broker.reconnects(reader);
    broker.says(reader, Attach{job, 0});
    CHECK(broker.took_messages_to(reader).back() == "outcomes job=1 at=0 [0,1)");
    broker.acknowledges(reader, job, 1);
  }
  SECTION("it does not") { broker.advance(61s); }
  CHECK(broker.core().job(job) == nullptr);
}

TEST_CASE("a batch that comes again after a restart is the one that was accepted") {
  BrokerFixture broker;
  const JobSpec spec = job_of();
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, spec);
  broker.appends(client, job, 0, 2);
  broker.crashes();
  broker.ignores_messages();
  broker.reconnects(client);
  broker.opens(client, job, spec);
  broker.appends(client, job, 0, 2);
  broker.appends(client, job, 2, 1);
  CHECK(broker.took_messages_to(client).back() == "accepted job=1 count=3");
  broker.appends(client, job, 0, 2, "another");
  CHECK(broker.took_message_to(client).starts_with("job-refused job=1 conflict"));
}

TEST_CASE("an attached job whose client does not come back is cancelled after its grace") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 1);
  broker.crashes();
  broker.advance(59s);
  CHECK(broker.core().job(job) != nullptr);
  broker.advance(2s);
  CHECK(broker.core().job(job) == nullptr);
}

TEST_CASE("a job that was given up, forgotten and opened anew is not forgotten with its summary") {
  BrokerConfig config;
  config.history_max = 1;
  BrokerFixture broker(config);
  const Peer client = broker.join_client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  broker.loses_connection(client);
  broker.advance(61s);
  REQUIRE(broker.core().job(job) == nullptr);
  broker.reconnects(client);
  broker.opens(client, job, job_of());
  broker.appends(client, job, 0, 1);
  const Peer worker = broker.join_worker({.slots = 2});
  const JobId second = broker.submit("f", 1);
  broker.finishes(worker, second, {0, 1}, 2);
  broker.acknowledges(broker.client(), second, 1);
  broker.crashes();
  REQUIRE(broker.core().job(job) != nullptr);
  CHECK(broker.core().job(job)->count == 1);
}

TEST_CASE("who has read or was accepted more than the store kept is told so, and the job ends with that") {
  const auto answer = [](std::uint64_t position, std::uint64_t accepted) {
    BrokerFixture broker;
    const JobId job = broker.submit("f", 1);
    broker.crashes();
    broker.ignores_messages();
    broker.reconnects(broker.client());
    broker.opens(broker.client(), job, job_of(), position, accepted);
    const std::string first = broker.took_message_to(broker.client());
    CHECK((broker.core().job(job) == nullptr) == first.starts_with("job-refused"));
    return first;
  };
  CHECK(answer(1, 1).starts_with("job-refused job=1 not-found: the last of this job"));
  CHECK(answer(0, 2).starts_with("job-refused job=1 not-found: the last of this job"));
  CHECK(answer(0, 1) == "accepted job=1 count=1 closed");
}

TEST_CASE("who has read outcomes that are not in this store's log, but others in their place, is told so") {
  constexpr std::uint64_t kFirst = 1, kSecond = 2;  // epochs: of the outcome at 0, and of those at 1 and 2
  const auto answers = [](std::uint64_t received, std::uint64_t epoch) {
    BrokerFixture broker;
    const JobId job = broker.submit("f", 3);
    const Peer client = broker.client();
    broker.finishes(broker.join_worker(), job, {0, 1}, 1);
    broker.crashes();
    broker.advance(30s);
    broker.speaks_of_epoch(kSecond);
    broker.finishes(broker.join_worker({.slots = 2}), job, {1, 3}, 1);
    REQUIRE(broker.core().job(job)->log.end() == 3);
    const Peer reader = broker.join_client();
    broker.reconnects(client);
    broker.ignores_messages();
    broker.says(reader, Attach{job, 0, received, epoch});
    broker.opens(client, job, job_of(), 0, 3, received, epoch);
    const std::string first = broker.took_messages_to(reader).front();
    CHECK(broker.took_messages_to(client).front() == first);
    return first;
  };
  for (const auto& [received, epoch] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {0, kFirst}, {1, kFirst}, {3, kSecond}, {2, 0}}) {  // 0: it does not say
    CAPTURE(received, epoch);
    CHECK(answers(received, epoch) == "accepted job=1 count=3 closed");
  }
  for (const auto& [received, epoch] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {2, kFirst}, {3, kFirst}, {1, kSecond}, {4, kSecond}, {4, 0}}) {
    CAPTURE(received, epoch);
    CHECK(
        answers(received, epoch) ==
        "job-refused job=1 not-found: the last of this job is not in the broker's store, which was restored "
        "or lost it: submit it again");
  }
}

TEST_CASE("a job of before the start that its client does not open again is given up after the grace") {
  BrokerFixture broker;
  const JobId known = broker.submit("f", 1);
  const JobId over = broker.submit("f", 1);  // for the client: this store was set back
  broker.crashes();
  broker.stays_alive(broker.client());
  broker.reconnects(broker.client());
  broker.opens(broker.client(), known, job_of(), 0, 1);
  broker.advance(broker.core().config().client_grace - 1s);
  CHECK(broker.core().job(over) != nullptr);
  broker.advance(2s);
  CHECK(broker.core().job(over) == nullptr);
  CHECK(broker.core().job(known) != nullptr);
}

TEST_CASE("a broker that was stalled gives a client time to open its jobs again: it may have done so") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 1);
  broker.crashes();
  broker.stays_alive(broker.client());
  broker.reconnects(broker.client());
  broker.stall(broker.core().config().client_grace + 1s);
  broker.together([] {});  // a turn in which its frames were not read yet
  CHECK(broker.core().job(job) != nullptr);
  broker.opens(broker.client(), job, job_of(), 0, 1);
  broker.advance(60s);
  CHECK(broker.core().job(job) != nullptr);
}

TEST_CASE("jobs are listed with the newest first, and began when they began, also after a restart") {
  BrokerFixture broker;
  const Peer client = broker.client();
  const Peer worker = broker.join_worker({.slots = 8'000});
  const JobId past = broker.submit("f", 1);
  broker.finishes(worker, past, {0, 1}, 1);
  broker.acknowledges(client, past, 1);
  broker.advance(1s);
  const JobId open = broker.new_job_id();
  broker.opens(client, open, job_of());
  broker.appends(client, open, 0, 1);
  const std::optional<UtcTime> began = broker.core().job(open)->started_at;
  REQUIRE(began);
  broker.stays_alive(worker);
  broker.advance(1s);
  broker.appends(client, open, 1, 5'000);
  broker.crashes();
  CHECK(broker.core().job(open)->started_at == began);
  const std::string first = broker.asks(broker.join_client(), "job.list", {{"limit", "1"}}).pages.at(0);
  CHECK(first.find(to_string(open)) != std::string::npos);
}

TEST_CASE("deadlines and delays are of the day, not of the process") {
  BrokerFixture broker;
  JobSpec late = job_of();
  late.deadline_ms = 10'000;
  JobSpec delayed = job_of();
  delayed.delay_ms = 10'000;
  const JobId first = broker.submit(late, 1);
  broker.submit(delayed, 1);
  broker.crashes(6s);
  const Peer worker = broker.join_worker({.functions = {{"f", "()"}}});
  broker.stays_alive(worker);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,1) lease=1");
  broker.advance(3s);
  CHECK(broker.core().job(first)->counts.open() == 1);
  broker.advance(1100ms);
  CHECK(broker.core().job(first)->counts.open() == 0);
  CHECK(broker.took_messages_to(worker).back() == "tasks job=2 [0,1) lease=2");
}

TEST_CASE("a key names its job also after a restart") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.key = "once";
  broker.submit(spec, 1);
  const Peer client = broker.client();
  broker.crashes();
  broker.ignores_messages();
  broker.reconnects(client);
  const JobId again = broker.new_job_id();
  broker.opens(client, again, spec);
  CHECK(broker.took_messages_to(client).back() == "same-job job=2 existing=1");
}

TEST_CASE("a job that is over and detached keeps its outcomes, and is forgotten when it would have been") {
  BrokerConfig config;
  config.result_ttl = 1h;
  BrokerFixture broker(config);
  JobSpec spec = job_of();
  spec.detached = true;
  const Peer worker = broker.join_worker();
  const JobId job = broker.submit(spec, 1);
  broker.finishes(worker, job, {0, 1}, 1);
  broker.advance(30min);
  broker.crashes(20min);
  REQUIRE(broker.core().job(job) != nullptr);
  CHECK(broker.core().job(job)->complete);
  broker.advance(9min);
  CHECK(broker.core().job(job) != nullptr);
  broker.advance(2min);
  CHECK(broker.core().job(job) == nullptr);
  broker.crashes();
  const Peer client = broker.join_client();
  CHECK(broker.asks(client, "job.list").pages.size() == 1);  // its summary
}
