// Who does not read fills its own quota, and nobody else's work waits for that.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;

namespace {

using Lines = std::vector<std::string>;

// A worker that does a job 100 tasks at a time, whose outcomes, 1,000 bytes, are more than the quota and more
// than may be on the way to a reader.
struct Flood {
  static BrokerConfig config(const std::string& durability) {
    BrokerConfig config;
    config.memory_limit = 5'500;
    config.reader_window_bytes = 500;
    config.durability = durability;
    return config;
  }
  explicit Flood(const std::string& durability = "memory", bool detached = false)
      : broker(config(durability)) {
    JobSpec spec = job_of();
    spec.detached = detached;
    job = broker.submit(client, spec, 400);
    broker.ignores_messages();
  }
  // The next 100 tasks end, which the worker has under this lease.
  void ends(std::uint64_t lease) {
    const std::uint64_t first = (lease - 1) * 100;
    broker.ignores_messages();
    broker.finishes(worker, job, {first, first + 100}, lease);
  }
  std::string why(const std::string& index) {
    return broker.asks(client, "task.explain", {{"job", to_string(job)}, {"index", index}}).pages.at(0);
  }

  BrokerFixture broker;
  Peer client = broker.join_client("slow");
  Peer worker = broker.join_worker({.slots = 100});
  JobId job;
};

}  // namespace

TEST_CASE("who does not read gets no more tasks done, and everybody else does") {
  for (const char* durability : {"memory", "fsync"}) {
    Flood flood(durability);
    flood.ends(1);  // on their way
    flood.ends(2);  // and these have to wait
    CHECK(flood.broker.took_messages_to(flood.worker) == Lines{"stored upto=2"});
    CHECK(flood.broker.heard_event("job-held job="));
    CHECK(flood.why("200").find("its client may leave") != std::string::npos);
    const Peer other = flood.broker.join_client("quick");
    flood.broker.submit(other, job_of(), 100);
    CHECK(flood.broker.took_message_to(flood.worker) == "tasks job=2 [0,100) lease=3");
  }
}

TEST_CASE("a job that was held goes on when its outcomes are read") {
  Flood flood;
  flood.ends(1);
  flood.ends(2);
  flood.broker.ignores_messages();
  flood.broker.acknowledges(flood.client, flood.job, 100);
  CHECK(flood.broker.took_message_to(flood.worker) == "tasks job=1 [200,300) lease=3");
}

TEST_CASE("what a client wants to read next is done, though it left another job's outcomes unread") {
  Flood flood;
  flood.ends(1);
  flood.ends(2);
  flood.broker.ignores_messages();
  const JobId second = flood.broker.submit(flood.client, job_of(), 200);
  CHECK(flood.broker.took_message_to(flood.worker) == "tasks job=2 [0,100) lease=3");
  flood.broker.finishes(flood.worker, second, {0, 100}, 3);
  CHECK(flood.broker.took_messages_to(flood.worker).front() == "tasks job=2 [100,200) lease=4");
}

TEST_CASE("a client that is away has read nothing") {
  Flood flood;
  flood.broker.loses_connection(flood.client);
  flood.ends(1);
  CHECK(flood.broker.took_messages_to(flood.worker) == Lines{"stored upto=1"});
  flood.broker.reconnects(flood.client);
  flood.broker.opens(flood.client, flood.job, job_of(), 0, 400);
  CHECK(flood.broker.took_message_to(flood.worker) == "tasks job=1 [100,200) lease=2");
}

TEST_CASE("what nobody has to read waits in the store, or until memory is half full of it") {
  Flood stored("fsync", true);
  stored.ends(1);
  stored.ends(2);
  CHECK(stored.broker.took_message_to(stored.worker) == "tasks job=1 [200,300) lease=3");

  Flood kept("memory", true);
  JobSpec spec = kept.broker.core().job(kept.job)->spec;
  spec.priority = 1;
  const JobId other = kept.broker.submit(kept.client, spec, 100);
  kept.ends(1);
  kept.broker.finishes(kept.worker, other, {0, 100}, 2);
  kept.broker.ignores_messages();
  kept.broker.finishes(kept.worker, kept.job, {100, 200}, 3);
  CHECK(kept.broker.took_messages_to(kept.worker) == Lines{"stored upto=3"});
  kept.broker.asks(kept.client, "job.forget", {{"job", to_string(other)}});
  CHECK(kept.broker.took_message_to(kept.worker) == "tasks job=1 [200,300) lease=4");
}
