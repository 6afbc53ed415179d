// A worker without a broker, or without room for what it finished.
#include <catch2/catch.hpp>

#include "tests/unit/worker/memory_spool.h"
#include "tests/unit/worker/worker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t kLarge = 140'000;  // a result that is a frame of its own

struct Away : WorkerFixture {
  explicit Away(WorkerConfig config = {}, Spool* spool = nullptr, int slots = 1)
      : WorkerFixture(slots, config, spool) {
    welcome();
    took_messages();
    took_results();
  }
  void finish_one(std::size_t bytes) {
    executor.finish(0, 1, 30ms, std::string(bytes, 'r'));
    settle();
  }
  void lose_broker() { advance(15s); }
  void pass(std::chrono::milliseconds time) {  // turn by turn, as the loop does it
    for (; time > 0ms; time -= 5s) advance(std::min<std::chrono::milliseconds>(time, 5s));
  }
};

}  // namespace

TEST_CASE("results pile up on disk while the broker is away, and each is delivered once and in order") {
  MemorySpool spool;
  Away worker({.outbox_memory = 300'000}, &spool);
  worker.gives(0, 50);
  worker.lose_broker();
  REQUIRE_FALSE(worker.core->is_connected());
  for (int task = 0; task < 50; ++task) {
    worker.finish_one(kLarge);
    CHECK(worker.core->outbox().bytes_in_memory() <= 300'000 + kFrameBytes);
  }
  CHECK(spool.count() == 48);
  CHECK(worker.took_results().empty());
  worker.welcome();
  Lines expected;
  for (int task = 0; task < 50; ++task)
    expected.push_back("results " + std::to_string(task + 1) + ": [" + std::to_string(task) + "," +
                       std::to_string(task + 1) + ")");
  CHECK(worker.took_results() == expected);
  worker.broker_says(Stored{50, false});
  CHECK(worker.core->outbox().empty());
  CHECK(spool.count() == 0);
}

TEST_CASE("while the broker is there, tasks wait for it to take results, and nothing goes to the disk") {
  MemorySpool spool;
  Away worker({.outbox_memory = 600'000}, &spool);
  worker.gives(0, 20);
  int finished = 0;
  for (; finished < 20 && worker.executor.running(0); ++finished) worker.finish_one(kLarge);
  CHECK(finished == 3);  // one is on its way
  CHECK(spool.count() == 0);
  worker.took_results();
  worker.broker_says(Stored{1, false});
  CHECK(worker.executor.running(0));
  worker.finish_one(kLarge);
  worker.advance(5'999ms);
  CHECK_FALSE(worker.executor.running(0));
  worker.advance(1ms);  // not a word for two heartbeats: that is what the disk is for
  CHECK(worker.executor.running(0));
}

TEST_CASE("without room on disk, results wait in the executors and no task is begun or taken") {
  MemorySpool spool(300'000);
  Away worker({.outbox_memory = 300'000}, &spool);
  worker.gives(0, 20);
  worker.lose_broker();
  worker.executor.took_calls();
  int finished = 0;
  for (; finished < 20 && !worker.executor.holds_results(); ++finished) worker.finish_one(kLarge);
  CHECK(finished == 5);
  CHECK_FALSE(worker.executor.running(0));
  worker.welcome();
  CHECK(worker.last_header().credit_tasks == 0);
  CHECK(worker.took_results().size() == 5);
  worker.broker_says(Stored{4, false});
  worker.advance(1s);
  CHECK_FALSE(worker.executor.holds_results());
  CHECK(worker.executor.running(0));
  worker.advance(3s);
  CHECK(worker.last_header().credit_tasks > 0);
}

TEST_CASE("without a spool, results wait in the executors when memory is full, until the broker takes some") {
  Away worker({.outbox_memory = 300'000});
  worker.gives(0, 20);
  worker.lose_broker();
  int finished = 0;
  for (; finished < 20 && !worker.executor.holds_results(); ++finished) worker.finish_one(kLarge);
  CHECK(finished == 3);
  CHECK_FALSE(worker.executor.running(0));
  worker.advance(1s);
  CHECK(worker.executor.holds_results());
  worker.welcome();
  CHECK(worker.took_results().size() == 3);
  worker.broker_says(Stored{2, false});
  CHECK_FALSE(worker.executor.holds_results());
  CHECK(worker.executor.running(0));
}

TEST_CASE("a disk that fails is tried again every second, and nothing is lost meanwhile") {
  MemorySpool spool;
  spool.fails = true;
  Away worker({.outbox_memory = 200'000}, &spool);
  worker.gives(0, 4);
  worker.lose_broker();
  worker.finish_one(kLarge);
  worker.finish_one(kLarge);
  CHECK(worker.executor.holds_results());
  CHECK(worker.core->next_deadline(worker.now()) <= worker.now() + 1s);
  spool.fails = false;
  worker.advance(1s);
  CHECK_FALSE(worker.executor.holds_results());
  worker.welcome();
  CHECK(worker.took_results() == Lines{"results 1: [0,1)", "results 2: [1,2)"});
}

TEST_CASE("a task whose result may wait in its executor is not stopped as running too long") {
  MemorySpool spool(0);
  Away worker({.outbox_memory = 100'000}, &spool, 2);
  worker.gives(0, 2, 1, 50);
  worker.finish_one(kLarge);
  REQUIRE(worker.executor.holds_results());
  worker.took_results();
  worker.executor.took_calls();
  worker.advance(10s);
  CHECK(worker.executor.took_calls().empty());
  worker.broker_says(Stored{1, false});
  worker.advance(49ms);
  CHECK(worker.executor.took_calls().empty());
  worker.advance(1ms);
  CHECK(worker.executor.took_calls() == Lines{"stop 1: 1 timed out"});
}

TEST_CASE("outcomes that the disk does not give back go to others: the next session is told without them") {
  MemorySpool spool;
  Away worker({.outbox_memory = 0}, &spool);
  worker.gives(0, 2);
  worker.finish_one(kLarge);
  worker.advance(1s);
  spool.is_damaged = true;
  CHECK(worker.took_results().empty());
  CHECK(worker.core->next_deadline(worker.now()) <= worker.now());
  worker.settle();
  CHECK_FALSE(worker.core->is_connected());
  worker.took_messages();
  worker.welcome();
  CHECK(worker.took_messages().back() == "holdings [1,2) lease=1 started");
}

TEST_CASE("a worker is orphaned when no broker was heard of for so long") {
  Away worker({.orphan_timeout = 10min});
  worker.gives(0, 1);
  worker.lose_broker();
  worker.pass(9min);
  worker.welcome();  // just in time: it counts anew
  worker.lose_broker();
  worker.pass(10min - 15s);
  CHECK_FALSE(worker.core->is_orphaned());
  worker.pass(5s);
  CHECK(worker.core->is_orphaned());
}

TEST_CASE("a broker that says 'try again' is heard") {
  Away worker({.orphan_timeout = 1min});
  worker.lose_broker();
  Refuse refusal;
  refusal.code = RefuseCode::Recovering;
  refusal.retry_after_ms = 1'000;
  for (int turn = 0; turn < 20; ++turn) {
    worker.pass(10s);
    worker.broker_says(refusal);
  }
  CHECK_FALSE(worker.core->is_orphaned());
}

TEST_CASE("time in which the worker itself was stopped is not the broker's") {
  Away worker({.orphan_timeout = 1min});
  worker.advance(1h);  // one turn
  CHECK_FALSE(worker.core->is_orphaned());
}

TEST_CASE("without a limit a worker waits for ever") {
  Away worker({.orphan_timeout = 0ms});
  worker.lose_broker();
  worker.pass(24h);
  CHECK_FALSE(worker.core->is_orphaned());
}

TEST_CASE("a result above the broker's limit leaves as a failure") {
  WorkerFixture worker;
  worker.payload_max = 100;
  worker.welcome();
  worker.gives(0, 1);
  worker.executor.finish(0, 1, 30ms, std::string(101, 'r'));
  worker.settle();
  const std::string* frame = worker.core->next_sink_frame();
  REQUIRE(frame != nullptr);
  CHECK(frame->find("result of 101 bytes is larger than the limit of 100") != std::string::npos);
}
