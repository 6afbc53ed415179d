// How many tasks go to a slot at once, and how many outcomes to the broker.
#include <catch2/catch.hpp>

#include "tests/unit/worker/worker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

struct Busy : WorkerFixture {
  Busy() : WorkerFixture(1, {.gather = 2ms}) { welcome(); }
  void finish_one(std::size_t bytes = 1, std::chrono::microseconds time = 30ms) {
    executor.finish(0, 1, time, std::string(bytes, 'r'));
    settle();
  }
};

}  // namespace

TEST_CASE("outcomes wait a moment for more to leave with, as long as there is enough to do") {
  Busy worker;
  worker.gives(0, 5);
  worker.finish_one();
  CHECK(worker.took_results().empty());
  CHECK(worker.core->next_deadline(worker.now()) == worker.now() + 2ms);
  worker.advance(1ms);
  worker.finish_one();
  CHECK(worker.took_results().empty());
  worker.advance(1ms);
  CHECK(worker.took_results() == Lines{"results 1: [0,1) [1,2)"});
  worker.finish_one();
  CHECK(worker.took_results().empty());  // it has a time of its own
  worker.finish_one();
  CHECK(worker.took_results() == Lines{"results 2: [2,3) [3,4)"});  // nothing waits behind the last task
}

TEST_CASE("what is gathered goes with a new session, and with what is sent again") {
  Busy worker;
  worker.gives(0, 9);
  worker.finish_one();
  worker.broker_says(Who{});
  worker.welcome();
  worker.advance(2ms);
  CHECK(worker.took_results() == Lines{"results 1: [0,1)"});
  worker.finish_one();
  worker.broker_says(Stored{0, true});
  CHECK(worker.took_results() == Lines{"results 1: [0,1)", "results 2: [1,2)"});
}

TEST_CASE("slots get no more at once than has about a megabyte of outcomes") {
  Busy worker;
  worker.gives(0, 1);
  worker.finish_one(300'000, 100us);
  worker.executor.took_calls();
  worker.gives(1, 101, 2);
  CHECK(worker.executor.took_calls() == Lines{"slot 0: [1,4)", "slot 0: [4,7)"});
}

TEST_CASE("a frame that is full, and what a draining worker has done, does not wait for more") {
  Busy worker;
  worker.gives(0, 4);
  worker.finish_one(140'000);
  CHECK(worker.took_results() == Lines{"results 1: [0,1)"});
  worker.finish_one();
  CHECK(worker.took_results().empty());
  worker.drain();
  CHECK(worker.took_results() == Lines{"results 2: [1,2)"});
}
