// Jobs and tasks come in: idempotent, within credit, under keys.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

JobSpec keyed(std::uint64_t digest) {
  JobSpec spec = job_of();
  spec.key = "k";
  spec.key_digest = digest;
  return spec;
}

BrokerConfig short_of_memory() {
  BrokerConfig config;
  config.memory_limit = 10'000;
  config.client_window_bytes = 8'000;
  return config;
}

std::string answer_to(const JobSpec& spec) {
  BrokerFixture broker;
  broker.opens(broker.client(), broker.new_job_id(), spec);
  return broker.took_message_to(broker.client());
}

}  // namespace

TEST_CASE("what is accepted is recorded in the same turn") {
  BrokerFixture broker;
  broker.submit("f", 3);
  CHECK(broker.took_records() ==
        std::vector<std::string>{"opened job=1", "appended job=1 [0,3)", "closed job=1 count=3"});
}

TEST_CASE("a batch that comes again is accepted again and counted once") {
  BrokerFixture broker;
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  broker.appends(client, job, 0, 3);
  broker.ignores_messages();
  broker.appends(client, job, 0, 3);
  CHECK(broker.took_message_to(client) == "accepted job=1 count=3");
  CHECK(broker.core().job(job)->count == 3);
  CHECK(broker.core().counters().tasks_accepted == 3);
}

TEST_CASE("a batch that comes again with other contents is a conflict") {
  BrokerFixture broker;
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  broker.appends(client, job, 0, 3);
  broker.ignores_messages();
  broker.appends(client, job, 0, 3, "b");
  CHECK(broker.took_message_to(client) ==
        "job-refused job=1 conflict: a batch came again with other contents");
  broker.appends(client, job, 0, 2);
  CHECK(broker.took_message_to(client).starts_with("job-refused job=1 conflict"));
  CHECK(broker.core().job(job)->count == 3);
}

TEST_CASE("a batch that leaves a gap, overlaps the end or is empty is refused") {
  BrokerFixture broker;
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  broker.appends(client, job, 0, 3);
  broker.ignores_messages();
  for (const auto& [first, count] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {4, 1}, {2, 2}, {3, 0}, {~0ULL, 1}, {~0ULL - 1, 5}}) {
    broker.appends(client, job, first, count);
    CHECK(broker.took_message_to(client) ==
          "job-refused job=1 invalid: a batch does not fit where it says it belongs");
  }
}

TEST_CASE("a job is closed with the count that was appended, once") {
  BrokerFixture broker;
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  broker.appends(client, job, 0, 3);
  broker.ignores_messages();
  broker.closes(client, job, 2);
  CHECK(broker.took_message_to(client) == "job-refused job=1 invalid: the count is not what was appended");
  broker.closes(client, job, 3);
  broker.closes(client, job, 3);
  CHECK(broker.took_messages_to(client) ==
        std::vector<std::string>{"accepted job=1 count=3 closed", "accepted job=1 count=3 closed"});
  broker.appends(client, job, 3, 1);
  CHECK(broker.took_message_to(client) == "job-refused job=1 conflict: the job is closed");
}

TEST_CASE("nobody adds to or closes another client's job, and unknown jobs are said to be unknown") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 1);
  const Peer other = broker.join_client("other");
  broker.appends(other, job, 1, 1);
  broker.closes(other, job, 1);
  broker.opens(other, job, job_of());
  CHECK(broker.took_messages_to(other) ==
        std::vector<std::string>{"job-refused job=1 not-yours: not your job",
                                 "job-refused job=1 not-yours: not your job",
                                 "job-refused job=1 conflict: another job has this id"});
  const JobId unknown = broker.new_job_id();
  broker.appends(other, unknown, 0, 1);
  broker.closes(other, unknown, 0);
  broker.says(other, Attach{unknown, 0});
  for (int n = 0; n < 3; ++n)
    CHECK(broker.took_message_to(other) == "job-refused job=2 not-found: no such job");
  CHECK(broker.is_silent());
}

TEST_CASE("a job that the broker no longer knows is not begun anew") {
  BrokerFixture broker;
  broker.opens(broker.client(), broker.new_job_id(), job_of(), 0, 5);
  CHECK(
      broker.took_message_to(broker.client()) ==
      "job-refused job=1 not-found: the broker no longer knows this job: nothing was heard of its client for "
      "too long, or its store was restored");
}

TEST_CASE("malformed jobs are refused") {
  JobSpec spec = job_of("a b");
  CHECK(answer_to(spec) == "job-refused job=1 invalid: the function's name is not [A-Za-z0-9._-]{1,128}");
  spec = job_of();
  spec.key = std::string(1'025, 'k');
  CHECK(answer_to(spec) == "job-refused job=1 invalid: the key has more than 1024 bytes");
  spec = job_of();
  spec.resources = {{"gpu", -1.0}};
  CHECK(answer_to(spec) == "job-refused job=1 invalid: a resource is not a finite amount");
  for (std::uint64_t JobSpec::*field : {&JobSpec::timeout_ms, &JobSpec::deadline_ms, &JobSpec::delay_ms}) {
    spec = job_of();
    spec.*field = ~0ULL;
    CHECK(answer_to(spec) == "job-refused job=1 invalid: a duration is longer than ten years");
  }
}

TEST_CASE("a function that is served under other signatures only is refused with both texts") {
  BrokerFixture broker;
  broker.join_worker({.functions = {{"f", "(int)"}}});
  broker.opens(broker.client(), broker.new_job_id(), job_of());
  CHECK(broker.took_message_to(broker.client()) ==
        "job-refused job=1 signature: f() is served by no worker; they serve f(int)");
}

TEST_CASE("a job with a key is found again by the same key and arguments") {
  BrokerFixture broker;
  const Peer client = broker.client();
  broker.submit(keyed(1), 1);
  broker.opens(client, broker.new_job_id(), keyed(1));
  CHECK(broker.took_message_to(client) == "same-job job=2 existing=1");
  broker.opens(client, broker.new_job_id(), keyed(2));
  CHECK(broker.took_message_to(client) ==
        "job-refused job=3 conflict: the key 'k' was used with other arguments");
  JobSpec other_function = keyed(2);
  other_function.function = "g";
  broker.opens(client, broker.new_job_id(), other_function);
  CHECK(broker.took_message_to(client) == "accepted job=4 count=0");
}

TEST_CASE("a client's keys are its own") {
  BrokerFixture broker;
  broker.submit(keyed(1), 1);
  const Peer other = broker.join_client("other");
  broker.opens(other, broker.new_job_id(), keyed(2));
  CHECK(broker.took_message_to(other) == "accepted job=2 count=0");
}

TEST_CASE("a job with a key outlives its client, and a client of the same name finds it") {
  BrokerFixture broker;
  const JobId job = broker.submit(keyed(1), 1);
  broker.says(broker.client(), Goodbye{});
  CHECK(broker.core().job(job) != nullptr);
  const Peer again = broker.join_client("me");
  broker.opens(again, broker.new_job_id(), keyed(1));
  CHECK(broker.took_message_to(again) == "same-job job=2 existing=1");
}

TEST_CASE("clients without a name share their keys, also after a restart of the broker") {
  BrokerFixture broker;
  const JobId job = broker.submit(broker.join_client(""), keyed(1), 1);
  const auto answer = [&](std::uint64_t digest) {
    const Peer other = broker.join_client("");
    broker.ignores_messages();
    broker.opens(other, broker.new_job_id(), keyed(digest));
    return broker.took_message_to(other);
  };
  const std::string same = answer(1);
  CHECK(same.starts_with("same-job"));
  CHECK(same.ends_with("existing=1"));
  CHECK(answer(2).ends_with("conflict: the key 'k' was used with other arguments"));
  broker.crashes();
  CHECK(answer(1).ends_with("existing=1"));
  CHECK(broker.core().job(job) != nullptr);
}

TEST_CASE("a key is kept for 24 hours after its job ended") {
  BrokerFixture broker;
  broker.stays_alive(broker.client());
  const Peer worker = broker.join_worker();
  broker.stays_alive(worker);
  const JobId job = broker.submit(keyed(1), 1);
  broker.finishes(worker, job, {0, 1}, 1);
  broker.ignores_messages();
  broker.advance(24h - 1s);
  broker.opens(broker.client(), broker.new_job_id(), keyed(1));
  CHECK(broker.took_message_to(broker.client()) == "same-job job=2 existing=1");
  broker.advance(1s);
  broker.opens(broker.client(), broker.new_job_id(), keyed(2));
  CHECK(broker.took_message_to(broker.client()) == "accepted job=3 count=0");
}

TEST_CASE("a client's credit grows with what arrives") {
  BrokerConfig config;
  config.client_window_tasks = 100;
  config.client_window_bytes = 1'000;
  BrokerFixture broker(config);
  const Peer client = broker.client();
  CHECK(broker.last_header(client).credit_tasks == 100);
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  broker.appends(client, job, 0, 10, "12345");
  CHECK(broker.last_header(client).credit_tasks == 110);
  CHECK(broker.last_header(client).credit_bytes == 1'050);
}

TEST_CASE("grants shrink at the memory limit, and the client is told when there is room again") {
  BrokerFixture broker(short_of_memory());
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  broker.appends(client, job, 0, 2, std::string(3'500, 'a'));
  CHECK(broker.last_header(client).credit_bytes == 7'000 + 10'000 - 7'008);
  broker.closes(client, job, 2);
  const Peer worker = broker.join_worker({.slots = 2});
  broker.ignores_messages();
  broker.finishes(worker, job, {0, 2}, 1);
  CHECK(broker.took_messages_to(client) == std::vector<std::string>{"outcomes job=1 at=0 [0,2)", "credit"});
  CHECK(broker.last_header(client).credit_bytes == 15'000);
}

TEST_CASE("who sends more than it was granted is refused") {
  BrokerConfig config;
  config.client_window_tasks = 10;
  BrokerFixture broker(config);
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.together([&] {  // no answer is waited for
    broker.opens(client, job, job_of());
    broker.appends(client, job, 0, 9);
    broker.appends(client, job, 9, 9);
    broker.appends(client, job, 18, 9);
  });
  CHECK(broker.took_message_to(client) == "job-refused job=1 limit: more was sent than was granted");
  CHECK(broker.core().job(job)->count == 18);
}

TEST_CASE("while the disk is nearly full new work is refused or waits, and accepted work goes on") {
  BrokerConfig config;
  config.client_window_tasks = 100;
  BrokerFixture broker(config);
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  broker.core().set_disk_nearly_full(true);
  broker.ignores_messages();
  broker.appends(client, job, 0, 10);
  CHECK(broker.took_message_to(client) == "accepted job=1 count=10");
  CHECK(broker.last_header(client).credit_tasks == 100);  // and no more
  broker.opens(client, broker.new_job_id(), job_of());
  CHECK(broker.took_message_to(client) ==
        "job-refused job=2 limit: the disk of the broker is nearly full: try again when there is room");
  broker.closes(client, job, 10);
  const Peer worker = broker.join_worker({.slots = 10});
  broker.finishes(worker, job, {0, 10}, 1);
  broker.ignores_messages();
  broker.core().set_disk_nearly_full(false);
  broker.opens(client, broker.new_job_id(), job_of());
  CHECK(broker.took_message_to(client).starts_with("accepted job="));
  CHECK(broker.last_header(client).credit_tasks == 110);
}

TEST_CASE("what a key names already is found although the disk is nearly full") {
  BrokerFixture broker;
  broker.submit(keyed(1), 1);
  broker.core().set_disk_nearly_full(true);
  broker.ignores_messages();
  broker.opens(broker.client(), broker.new_job_id(), keyed(1));
  CHECK(broker.took_message_to(broker.client()) == "same-job job=2 existing=1");
}

TEST_CASE("what waits for the disk counts as memory: clients get no credit until it is written") {
  BrokerFixture broker(short_of_memory());
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  broker.core().set_backlog(10'000);
  broker.appends(client, job, 0, 1, std::string(1'000, 'a'));
  CHECK(broker.last_header(client).credit_bytes == 8'000);
  broker.ignores_messages();
  broker.core().set_backlog(0);
  CHECK(broker.core().next_deadline() == TimePoint::min());  // it is not the client that has to ask
  broker.together([] {});
  CHECK(broker.took_message_to(client) == "credit");
  CHECK(broker.last_header(client).credit_bytes == 9'000);
}

TEST_CASE("many small jobs use up memory too: more are refused until some are over") {
  BrokerConfig config;
  config.overhead_limit = 4 * (kJobOverhead + kBatchOverhead);
  BrokerFixture broker(config);
  const Peer client = broker.client();
  const Peer worker = broker.join_worker();
  const JobId first = broker.submit("f", 1);
  for (int n = 2; n <= 4; ++n) broker.submit("g", 1);
  CHECK(broker.core().overhead() == config.overhead_limit);
  broker.ignores_messages();
  broker.opens(client, broker.new_job_id(), job_of());
  CHECK(
      broker.took_message_to(client) ==
      "job-refused job=5 limit: the broker has 4 jobs, with those whose outcomes it keeps, and no memory for "
      "more: try again when some are over or forgotten");
  broker.finishes(worker, first, {0, 1}, 1);
  broker.acknowledges(client, first, 1);
  broker.ignores_messages();
  broker.opens(client, broker.new_job_id(), job_of());
  CHECK(broker.took_message_to(client) == "accepted job=6 count=0");
}
