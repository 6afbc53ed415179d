#include <zonda/task_report.h>

#include <catch2/catch.hpp>

#include "tests/unit/worker/worker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

// A worker with a session, and nothing that a test has to look at.
struct Open : WorkerFixture {
  explicit Open(int slots = 1, WorkerConfig config = kAtOnce) : WorkerFixture(slots, config) {
    welcome();
    took_messages();
  }
  // Its tasks take so long, and it knows that: task 0 did.
  void knows(std::chrono::microseconds each) {
    gives(0, 1);
    executor.finish(0, 1, each);
    settle();
    took_results();
    broker_says(Stored{1, false});
    executor.took_calls();
    took_messages();
  }
};

}  // namespace

TEST_CASE("a session begins with what the worker holds, even if that is nothing") {
  WorkerFixture worker;
  worker.welcome();
  CHECK(worker.took_messages() == Lines{"hello", "holdings"});
}

TEST_CASE("tasks of unknown duration are given to slots one by one") {
  Open worker(2);
  worker.gives(0, 4);
  CHECK(worker.executor.took_calls() == Lines{"slot 0: [0,1)", "slot 1: [1,2)"});
}

TEST_CASE("short tasks are handed over about a millisecond at a time, and as much again waits in the slot") {
  Open worker;
  worker.knows(100us);
  worker.gives(1, 101, 2);
  CHECK(worker.executor.took_calls() == Lines{"slot 0: [1,11)", "slot 0: [11,21)"});
}

TEST_CASE("a long task has nobody behind it in its slot") {
  Open worker;
  worker.knows(30ms);
  worker.gives(1, 3, 2);
  CHECK(worker.executor.took_calls() == Lines{"slot 0: [1,2)"});
}

TEST_CASE("the last tasks are spread over the slots") {
  Open worker(4);
  worker.knows(10us);
  worker.gives(1, 9, 2);
  CHECK(worker.executor.took_calls() == Lines{"slot 0: [1,3)", "slot 1: [3,5)", "slot 2: [5,6)",
                                              "slot 3: [6,7)", "slot 0: [7,8)", "slot 1: [8,9)"});
}

TEST_CASE("a task is told as started when it has run for 5 ms, once") {
  Open worker;
  worker.gives(0, 1);
  worker.advance(4'999us);
  CHECK(worker.took_messages().empty());
  worker.advance(1us);
  CHECK(worker.took_messages() == Lines{"started [0,1) lease=1 started"});
  worker.advance(1s);
  CHECK(worker.took_messages().empty());
}

TEST_CASE("more tasks than a page holds are told as started in pages") {
  constexpr int kSlots = 1'500;
  Open worker(kSlots);
  worker.gives(0, kSlots);
  worker.advance(5ms);
  const Lines said = worker.took_messages();
  REQUIRE(said.size() == 2);
  CHECK(said[0].starts_with("started"));
  CHECK(said[1].starts_with("started"));
}

TEST_CASE("a task that runs longer than its timeout is stopped, once") {
  Open worker;
  worker.gives(0, 1, 1, 50);
  worker.executor.took_calls();
  worker.advance(49ms);
  CHECK(worker.executor.took_calls().empty());
  worker.advance(1ms);
  CHECK(worker.executor.took_calls() == Lines{"stop 0: 0 timed out"});
  worker.advance(1s);
  CHECK(worker.executor.took_calls().empty());
}

TEST_CASE("outcomes leave under numbers and are kept until they are stored") {
  Open worker;
  worker.gives(0, 1);
  worker.executor.finish(0, 1, 30ms);
  worker.settle();
  CHECK(worker.took_results() == Lines{"results 1: [0,1)"});
  CHECK(worker.took_results().empty());
  worker.broker_says(Stored{0, true});
  CHECK(worker.took_results() == Lines{"results 1: [0,1)"});
  worker.broker_says(Stored{1, false});
  worker.broker_says(Stored{1, true});
  CHECK(worker.took_results().empty());
}

TEST_CASE("a sink that does not get what is sent again is connected anew") {
  Open worker;
  worker.gives(0, 1);
  worker.executor.finish(0, 1, 30ms);
  worker.settle();
  worker.took_messages();
  worker.broker_says(Stored{0, true});
  CHECK(worker.took_messages().empty());
  worker.broker_says(Stored{0, true});
  CHECK(worker.took_messages() == Lines{"reconnects the sink"});
  CHECK(worker.took_results() == Lines{"results 1: [0,1)"});
  worker.broker_says(Stored{1, true});
  CHECK(worker.took_messages().empty());
}

TEST_CASE("STOP takes what waits, drops what is next in a slot, and stops what runs") {
  Open worker;
  worker.knows(1ms);
  worker.gives(1, 5, 2);
  CHECK(worker.executor.took_calls() == Lines{"slot 0: [1,2)", "slot 0: [2,3)"});
  worker.broker_says(Stop{{worker.held(1, 5, 2)}});
  CHECK(worker.executor.took_calls() == Lines{"drop [1,5)", "stop 0: 1 cancelled"});
  worker.executor.fail(0, TaskReport::cancelled);
  worker.settle();
  CHECK(worker.took_results() == Lines{"results 2: [1,2)"});  // the broker thanks for it and forgets it
  CHECK(worker.took_messages().empty());                      // nothing is told as returned
}

TEST_CASE("room for output reaches the slot that runs the task, and no other") {
  Open worker(2);
  worker.gives(0, 2);
  worker.executor.took_calls();
  worker.broker_says(OutputRoom{worker.job, 1, 1, 5'000'000});
  worker.broker_says(OutputRoom{worker.job, 7, 1, 9});
  CHECK(worker.executor.took_calls() == Lines{"room 1/1 5000000"});
}

TEST_CASE("STOP of tasks under another token touches nothing") {
  Open worker;
  worker.gives(0, 3);
  worker.executor.took_calls();
  worker.broker_says(Stop{{worker.held(0, 3, 9)}});
  CHECK(worker.executor.took_calls().empty());
}

TEST_CASE("RETRACT gives back what has not started, from the middle of what waits, too") {
  Open worker;
  worker.gives(0, 6);
  worker.broker_says(Retract{{worker.held(2, 4)}});
  CHECK(worker.took_messages() == Lines{"returned [2,4) lease=1"});
  worker.executor.took_calls();
  for (const std::string expected : {"slot 0: [1,2)", "slot 0: [4,5)", "slot 0: [5,6)"}) {
    worker.executor.finish(0, 1, 30ms);
    worker.settle();
    CHECK(worker.executor.took_calls() == Lines{expected});
  }
}

TEST_CASE("RETRACT of a task that runs gives nothing back") {
  Open worker;
  worker.gives(0, 1);
  worker.broker_says(Retract{{worker.held(0, 1)}});
  CHECK(worker.took_messages().empty());
}

TEST_CASE("RETRACT reaches into the slots") {
  Open worker;
  worker.knows(100us);
  worker.gives(1, 21, 2);
  worker.executor.took_calls();
  worker.broker_says(Retract{{worker.held(6, 21, 2)}});
  worker.settle();
  CHECK(worker.executor.took_calls() == Lines{"drop [6,21)"});
  CHECK(worker.took_messages() == Lines{"returned [6,11) lease=2, [11,21) lease=2"});
}

TEST_CASE("a draining worker gives back what has not started, finishes the rest, and leaves") {
  Open worker;
  worker.gives(0, 3);
  worker.drain();
  CHECK(worker.took_messages() == Lines{"drain", "returned [1,3) lease=1"});
  CHECK_FALSE(worker.core->is_done());
  worker.executor.finish(0, 1, 30ms);
  worker.settle();
  CHECK(worker.took_results() == Lines{"results 1: [0,1)"});
  CHECK_FALSE(worker.core->is_done());  // not before it is stored
  worker.broker_says(Stored{1, false});
  CHECK(worker.took_messages() == Lines{"goodbye"});
  CHECK(worker.core->is_done());
}

TEST_CASE("tasks that crossed the DRAIN on their way are given back") {
  Open worker;
  worker.gives(0, 1);
  worker.drain();
  worker.took_messages();
  worker.gives(1, 4, 2);
  CHECK(worker.took_messages() == Lines{"returned [1,4) lease=2"});
}

TEST_CASE("a drain that the broker asks for is the same") {
  Open worker;
  worker.broker_says(Drain{});
  CHECK(worker.took_messages() == Lines{"drain", "goodbye"});
  CHECK(worker.core->is_done());
}

TEST_CASE("who gives up stops what runs and gives it back without an outcome") {
  Open worker;
  worker.gives(0, 1);
  worker.drain();
  worker.give_up();
  worker.took_messages();
  CHECK(worker.executor.took_calls().back() == "stop 0: 0 cancelled");
  worker.executor.fail(0, TaskReport::cancelled);
  worker.settle();
  CHECK(worker.took_results().empty());
  CHECK(worker.took_messages() == Lines{"returned [0,1) lease=1", "goodbye"});
}

TEST_CASE("who leaves whatever it holds says so, and nothing after that") {
  Open worker;
  worker.gives(0, 2);
  worker.executor.finish(0, 1, 30ms);
  worker.settle();
  worker.give_up();
  worker.took_messages();
  worker.leave();
  CHECK(worker.took_messages() == Lines{"goodbye"});
  CHECK(worker.core->is_done());
  worker.executor.fail(0, TaskReport::cancelled);
  worker.broker_says(Who{});
  worker.advance(1min);
  CHECK(worker.took_messages().empty());
}

TEST_CASE("a worker that owes nothing leaves without a broker") {
  WorkerFixture worker;
  worker.drain();
  CHECK(worker.core->is_done());
}

TEST_CASE(
    "a new session is told of all that runs, waits or is finished, and what was not stored goes again") {
  Open worker;
  worker.gives(0, 3);
  worker.executor.finish(0, 1, 30ms);
  worker.settle();
  CHECK(worker.took_results() == Lines{"results 1: [0,1)"});
  worker.took_messages();
  worker.broker_says(Who{});
  worker.welcome();
  CHECK(worker.took_messages() ==
        Lines{"hello", "holdings [0,1) lease=1 started, [1,2) lease=1 started, [2,3) lease=1"});
  CHECK(worker.took_results() == Lines{"results 1: [0,1)"});
}

TEST_CASE("unstarted tasks that an executor hands back run again before those behind them") {
  Open worker;
  worker.knows(100us);
  worker.gives(1, 22, 2);
  worker.executor.took_calls();
  worker.executor.drop(worker.job, 2, 9, {1, 2});  // as when task 1 took its child down
  worker.executor.fail(0, TaskReport::crashed);
  worker.settle();
  const Lines calls = worker.executor.took_calls();
  REQUIRE(calls.size() >= 2);
  CHECK(calls[1] == "slot 0: [2,11)");
}

TEST_CASE("credit is what came and as much more as the window has room for") {
  Open worker(1, WorkerConfig{.window_tasks = 10, .window_bytes = 100});
  CHECK(worker.last_header().credit_tasks == 10);
  CHECK(worker.last_header().credit_bytes == 100);
  worker.gives(0, 4);
  worker.advance(5ms);                             // started is told
  CHECK(worker.last_header().credit_tasks == 10);  // four are here
  for (int task = 0; task < 3; ++task) {
    worker.executor.finish(0, 1, 30ms, "");
    worker.settle();
  }
  worker.took_results();
  CHECK(worker.last_header().credit_tasks == 10);  // and there they are, until they are stored
  worker.broker_says(Stored{1, false});
  CHECK(worker.last_header().credit_tasks == 13);
}

TEST_CASE("a grant of bytes that grew is told, although there is nothing else to say") {
  Open worker(1, WorkerConfig{.window_tasks = 100, .window_bytes = 100});
  worker.gives(0, 1, 1, 0, 80);
  worker.executor.finish(0, 1, 30ms, "");
  worker.settle();
  worker.took_results();
  worker.broker_says(Stored{1, false});
  CHECK(worker.last_header().credit_bytes == 180);
}

TEST_CASE("a full outbox takes no tasks") {
  Open worker(1, WorkerConfig{.window_tasks = 100, .window_bytes = 100});
  worker.gives(0, 1);
  worker.executor.finish(0, 1, 30ms, std::string(200, 'r'));
  worker.settle();
  worker.advance(10s);
  CHECK(worker.last_header().credit_bytes == 101);  // what came, and the whole window before it was full
}

TEST_CASE("progress is coalesced, and nothing is said of a task that ended") {
  Open worker;
  worker.gives(0, 1);
  worker.advance(5ms);
  worker.took_messages();
  for (std::uint64_t done = 1; done <= 3; ++done) worker.executor.say_progress(0, done);
  worker.settle();
  CHECK(worker.took_messages() == Lines{"progress 0: 3"});
  worker.executor.say_progress(0, 4);
  worker.settle();
  CHECK(worker.took_messages().empty());
  worker.executor.finish(0, 1, 30ms);
  worker.advance(100ms);
  CHECK(worker.took_messages().empty());
}

TEST_CASE("progress that cannot be told is no reason to wake up") {
  Open worker;
  worker.gives(0, 1);
  worker.executor.say_progress(0, 1);
  worker.settle();
  worker.broker_says(Who{});  // the session is over
  worker.executor.say_progress(0, 2);
  worker.advance(200ms);
  CHECK(worker.core->next_deadline(worker.now()) > worker.now());
}
