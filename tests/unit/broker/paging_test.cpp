// Payloads that are not in memory: they are read back when they are needed, and nobody notices.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

// Room for one batch of ten tasks with their lengths in the half that is for what comes in.
BrokerConfig small_memory() {
  BrokerConfig config;
  config.durability = "fsync";
  config.memory_limit = 2 * 10 * (100 + 4);
  return config;
}

const std::string kArgument(100, 'x');

// A detached job whose outcomes are more than fits, and the worker that has all of its tasks.
struct BigJob {
  BrokerFixture broker{small_memory()};
  Peer worker = broker.join_worker({.slots = 100});
  JobId job = broker.submit(detached(), 100);

  static JobSpec detached() {
    JobSpec spec = job_of();
    spec.detached = true;
    return spec;
  }
  void fails() {
    for (std::uint64_t index = 0; index < 100; ++index) broker.fails(worker, job, index, 1);
  }
};

}  // namespace

TEST_CASE("what does not fit in memory waits in the store, and is handed out in its turn") {
  BrokerFixture broker(small_memory());
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  for (std::uint64_t first = 0; first < 40; first += 10) broker.appends(client, job, first, 10, kArgument);
  CHECK(broker.core().job(job)->counts.stored > 0);
  CHECK(broker.core().memory_used() <= small_memory().memory_limit);
  const Peer worker = broker.join_worker({.slots = 10});
  for (std::uint64_t lease = 1; lease <= 4; ++lease) {
    const std::uint64_t first = 10 * (lease - 1);
    CHECK(broker.took_messages_to(worker).front() == "tasks job=1 [" + std::to_string(first) + "," +
                                                         std::to_string(first + 10) +
                                                         ") lease=" + std::to_string(lease));
    broker.finishes(worker, job, {first, first + 10}, lease);
    broker.acknowledges(client, job, first + 10);
    CHECK(broker.core().memory_used() <= small_memory().memory_limit);
  }
  CHECK(broker.core().counters().tasks_done == 40);
}

TEST_CASE("tasks that nobody can run do not keep others in the store") {
  BrokerFixture broker(small_memory());
  const Peer client = broker.client();
  const JobId unserved = broker.new_job_id();
  broker.opens(client, unserved, job_of("g"));
  for (std::uint64_t first = 0; first < 40; first += 10)
    broker.appends(client, unserved, first, 10, kArgument);
  const JobId served = broker.new_job_id();
  broker.opens(client, served, job_of());
  for (std::uint64_t first = 0; first < 40; first += 10) broker.appends(client, served, first, 10, kArgument);
  CHECK(broker.core().job(served)->counts.stored == 40);
  const Peer worker = broker.join_worker({.slots = 10});
  for (std::uint64_t lease = 1; lease <= 4; ++lease) {
    broker.ignores_messages();
    broker.finishes(worker, served, {10 * (lease - 1), 10 * lease}, lease);
    broker.acknowledges(client, served, 10 * lease);
  }
  CHECK(broker.core().counters().tasks_done == 40);
}

TEST_CASE("what was handed out leaves memory that is short, and is read again if it comes back") {
  BrokerFixture broker(small_memory());
  const Peer client = broker.client();
  const JobId waiting = broker.new_job_id();
  broker.opens(client, waiting, job_of("g"));
  broker.appends(client, waiting, 0, 10, kArgument);  // half of the memory
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  const std::uint64_t before = broker.core().memory_used();
  broker.appends(client, job, 0, 10, kArgument);
  const Peer worker = broker.join_worker({.slots = 10});
  CHECK(broker.took_message_to(worker) == "tasks job=2 [0,10) lease=1");
  CHECK(broker.core().memory_used() == before);
  broker.returns(worker, job, {0, 10}, 1);
  CHECK(broker.took_message_to(worker) == "tasks job=2 [0,10) lease=2");
}

TEST_CASE("what is cancelled while it is read stays cancelled") {
  BrokerFixture broker(small_memory());
  const Peer client = broker.client();
  const JobId waiting = broker.new_job_id();
  broker.opens(client, waiting, job_of("g"));
  broker.appends(client, waiting, 0, 10, kArgument);
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  broker.appends(client, job, 0, 10, kArgument);
  broker.reads_slowly(true);
  const Peer worker = broker.join_worker({.slots = 10});
  broker.says(client, Cancel{job, 0, 4});
  SECTION("some of it") {
    broker.reads_slowly(false);
    broker.together([] {});
    CHECK(broker.took_message_to(worker) == "tasks job=2 [4,10) lease=1");
  }
  SECTION("and then the rest") {
    broker.says(client, Cancel{job, 4, 6});
    broker.reads_slowly(false);
    broker.together([] {});
    CHECK(broker.took_message_to(worker) == "nothing");
  }
}

TEST_CASE("outcomes that do not fit in memory reach their reader from the store") {
  BigJob big;
  BrokerFixture& broker = big.broker;
  broker.loses_connection(broker.client());
  big.fails();
  CHECK(broker.core().memory_used() <= small_memory().memory_limit);
  const Peer reader = broker.join_client();
  broker.ignores_messages();
  broker.says(reader, Attach{big.job, 0});
  CHECK(broker.reports_to(reader).size() == 100);
}

TEST_CASE("a question about an outcome that is in the store is answered when it was read") {
  BigJob big;
  BrokerFixture& broker = big.broker;
  big.fails();
  const Peer asker = broker.join_client();
  const BrokerFixture::Answer answer =
      broker.asks(asker, "task.info", {{"job", to_string(big.job)}, {"index", "99"}});
  CHECK(answer.code == ReplyCode::Ok);
  REQUIRE(answer.pages.size() == 1);
  CHECK(answer.pages.front().find("payload") != std::string::npos);
}

TEST_CASE("failed tasks whose inputs are in the store can be tried again") {
  BigJob big;
  BrokerFixture& broker = big.broker;
  big.fails();
  const Peer asker = broker.join_client();
  broker.ignores_messages();
  const BrokerFixture::Answer answer = broker.asks(asker, "job.retry", {{"job", to_string(big.job)}});
  CHECK(answer.code == ReplyCode::Ok);
  CHECK(broker.took_messages_to(big.worker).back().find("[0,100)") != std::string::npos);
}

TEST_CASE("inputs of failed tasks are read back in parts, and not more of them than memory takes") {
  BrokerFixture broker(small_memory());
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, BigJob::detached());
  for (std::uint64_t first = 0; first < 40; first += 10) broker.appends(client, job, first, 10, kArgument);
  broker.closes(client, job, 40);
  const Peer worker = broker.join_worker({.slots = 10});
  const auto fails_and_ends = [&](std::uint64_t lease, std::uint64_t failing) {
    const std::uint64_t first = 10 * (lease - 1);
    broker.together([&] {
      for (std::uint64_t index = first; index < first + failing; ++index)
        broker.fails(worker, job, index, lease);
      broker.finishes(worker, job, {first + failing, first + 10}, lease);
    });
  };
  for (std::uint64_t lease = 1; lease <= 3; ++lease) fails_and_ends(lease, 1);
  SECTION("a few") {
    fails_and_ends(4, 1);
    broker.ignores_messages();
    CHECK(broker.asks(client, "job.retry", {{"job", to_string(job)}}).code == ReplyCode::Ok);
    CHECK(broker.took_message_to(worker) == "tasks job=2 [0,4) lease=5");
  }
  SECTION("too many") {
    fails_and_ends(4, 9);
    const BrokerFixture::Answer answer = broker.asks(client, "job.retry", {{"job", to_string(job)}});
    CHECK(answer.code == ReplyCode::Refused);
    CHECK(answer.text.find("a quarter of the broker's memory") != std::string::npos);
  }
  SECTION("while the disk is nearly full") {
    broker.core().set_disk_nearly_full(true);
    CHECK(broker.asks(client, "job.retry", {{"job", to_string(job)}}).text.starts_with("the disk"));
  }
}

TEST_CASE("without a store everything stays in memory") {
  BrokerConfig config = small_memory();
  config.durability = "memory";
  BrokerFixture broker(config);
  const JobId job = broker.submit("f", 100);
  CHECK(broker.core().job(job)->counts.stored == 0);
}
