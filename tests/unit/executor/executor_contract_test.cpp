// What both executors promise.
#include <catch2/catch.hpp>
#include <numeric>
#include <random>

#include "tests/unit/executor/executor_bench.h"
#include "tests/unit/executor/test_handlers.h"
#include "worker/executor/process_executor.h"
#include "worker/executor/thread_executor.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<Executor> make_executor(const std::string& isolation, int slots = 1) {
  if (isolation == "thread") return std::make_unique<ThreadExecutor>(slots, test_handlers());
  return std::make_unique<ProcessExecutor>(ProcessExecutorOptions{.slots = slots});
}

#define ON_BOTH_EXECUTORS()                                                       \
  const std::string isolation = GENERATE(as<std::string>{}, "thread", "process"); \
  CAPTURE(isolation);                                                             \
  ExecutorBench bench(make_executor(isolation))

std::vector<std::string> numbers(std::uint64_t count) {
  std::vector<std::string> all;
  for (std::uint64_t at = 0; at < count; ++at) all.push_back(std::to_string(at));
  return all;
}

}  // namespace

TEST_CASE("tasks of a work end with their values, in order") {
  ON_BOTH_EXECUTORS();
  bench->start(0, make_work("echo", {"a", "", "ccc"}, 5));
  bench.run_until_answered(5, 3);
  CHECK(bench.task(5).payload == "a");
  CHECK(bench.task(6).payload == "");
  CHECK(bench.task(7).payload == "ccc");
  CHECK(bench.in_order);
  CHECK(bench.each_answered_once(5, 3));
  CHECK_FALSE(bench->running(0));
}

TEST_CASE("ten thousand tiny tasks end exactly once each") {
  ON_BOTH_EXECUTORS();
  const std::vector<std::string> arguments = numbers(1000);
  for (std::uint64_t first = 0; first < 10'000; first += 1000) {
    bench->start(0, make_work("echo", arguments, first));
    if (first >= 1000) bench.run_until_answered(first - 1000, 1000);  // one runs, one waits
  }
  bench.run_until_answered(9000, 1000);
  CHECK(bench.each_answered_once(0, 10'000));
  CHECK(bench.in_order);
  CHECK(bench.task(9876).payload == "876");
}

TEST_CASE("a task knows what it is") {
  ON_BOTH_EXECUTORS();
  Work work = make_work("about", {"", ""}, 41);
  work.attempt = 4;
  bench->start(0, work);
  bench.run_until_answered(41, 2);
  CHECK(bench.task(42).payload == to_string(test_job()) + "/42 4 3.9");
}

TEST_CASE("what user code throws is a failed outcome with its type and text") {
  ON_BOTH_EXECUTORS();
  bench->start(0, make_work("throw", {"", "int", "decode", "string", "literal"}));
  bench.run_until_answered(0, 5);
  CHECK(bench.report(0).kind == TaskReport::failed);
  CHECK(bench.report(0).type == "std::out_of_range");
  CHECK(bench.report(0).message == "no such thing");
  CHECK(bench.report(1).type == "int");
  CHECK(bench.report(2).type == "DecodeError");
  CHECK(bench.report(3).type == "std::string");
  CHECK(bench.report(3).message == "thrown as a string");
  CHECK(bench.report(4).type == "const char*");
  CHECK(bench.report(4).message == "thrown as a literal");
}

TEST_CASE("a function that is not served fails each task and nothing else") {
  ON_BOTH_EXECUTORS();
  bench->start(0, make_work("echo", {"x", "y"}, 0, "another signature"));
  bench->start(0, make_work("echo", {"z"}, 2));
  bench.run_until_answered(0, 3);
  CHECK(bench.report(1).type == "UnknownFunction");
  CHECK(bench.task(2).payload == "z");
}

TEST_CASE("without a signature, the function of the name is called") {
  ON_BOTH_EXECUTORS();
  bench->start(0, make_work("echo", {"x"}, 0, ""));
  bench.run_until_answered(0, 1);
  CHECK(bench.task(0).payload == "x");
}

TEST_CASE("an empty work is no work") {
  ON_BOTH_EXECUTORS();
  bench->start(0, make_work("echo", {}));
  bench->start(0, make_work("echo", {"a"}));
  bench.run_until_answered(0, 1);
  CHECK(bench.each_answered_once(0, 1));
}

TEST_CASE("a task that stops when asked ends as what was asked, and its neighbours as usual") {
  ON_BOTH_EXECUTORS();
  bench->start(0, make_work("until_stopped", {"no", "wait", "no"}));
  bench.run_until_running(1);
  bench.stop(1, StopReason::TimedOut);
  bench.run_until_answered(0, 3);
  CHECK(bench.task(0).payload == "went on");
  CHECK(bench.report(1).kind == TaskReport::timed_out);
  CHECK(bench.task(2).payload == "went on");
  CHECK(bench.each_answered_once(0, 3));
}

TEST_CASE("a stop reaches a handler that waits on its stop token") {
  ON_BOTH_EXECUTORS();
  bench->start(0, make_work("until_token", {"no", "wait", "wait", "no"}));
  for (const std::uint64_t index : {1, 2}) {
    bench.run_until_running(index);
    bench.stop(index);
  }
  bench.run_until_answered(0, 4);
  CHECK(bench.report(2).kind == TaskReport::cancelled);
  CHECK(bench.task(3).payload == "not asked");
}

TEST_CASE("to stop a task that does not run does nothing") {
  ON_BOTH_EXECUTORS();
  bench->start(0, make_work("until_stopped", {"wait", "no"}));
  bench.run_until_running(0);
  bench.stop(1);
  bench.stop(0);
  bench.run_until_answered(0, 2);
  CHECK(bench.task(1).payload == "went on");
}

TEST_CASE("what has not started can be taken back, in the middle of a work too") {
  ON_BOTH_EXECUTORS();
  bench->start(0, make_work("until_stopped", {"wait", "a", "b", "c", "d", "e"}));
  bench->start(0, make_work("echo", {"f", "g"}, 6));
  bench.run_until_running(0);
  bench->drop(test_job(), 2, 2, {3, 9});
  bench->drop(test_job(), 7, 100, {3, 9});
  bench->drop(test_job(), 0, 1, {3, 9});  // runs
  bench->drop(test_job(), 1, 1, {3, 8});  // another hand-out
  bench.run_until_answered(2, 2);
  bench.run_until_answered(7, 1);
  bench.stop(0);
  bench.run_until_answered(0, 8);
  for (const std::uint64_t index : {2, 3, 7}) CHECK_FALSE(bench.task(index).finished);
  for (const std::uint64_t index : {0, 1, 4, 5, 6}) CHECK(bench.task(index).finished);
  CHECK(bench.each_answered_once(0, 8));
}

TEST_CASE("results do not wait for a long task behind them") {
  ON_BOTH_EXECUTORS();
  bench->start(0, make_work("until_stopped", {"a", "b", "wait", "c"}));
  bench.run_until_answered(0, 2);
  CHECK(bench->running(0)->task.index == 2);
  CHECK(bench.task(3).answers == 0);
  bench.stop(2);
  bench.run_until_answered(0, 4);
  CHECK(bench.each_answered_once(0, 4));
}

TEST_CASE("running() says since when") {
  ON_BOTH_EXECUTORS();
  const TimePoint before = std::chrono::steady_clock::now();
  bench->start(0, make_work("until_stopped", {"wait", "wait"}));
  bench.run_until_running(0);
  const TimePoint until = std::chrono::steady_clock::now() + 30ms;
  bench.run_until([&] { return std::chrono::steady_clock::now() > until; });
  CHECK(bench->running(0)->since >= before);
  CHECK(bench->running(0)->since < until - 25ms);
  const TimePoint stopped = std::chrono::steady_clock::now();
  bench.stop(0);
  bench.run_until_running(1);
  CHECK(bench->running(0)->since >= stopped);
  bench.stop(1);
  bench.run_until_answered(0, 2);
  CHECK(bench.busy >= 30ms);
  CHECK(bench.busy <= std::chrono::steady_clock::now() - before);
}

TEST_CASE("progress arrives while a task runs") {
  ON_BOTH_EXECUTORS();
  bench->start(0, make_work("progress", {""}, 8));
  bench.run_until([&] { return !bench.progress.empty(); });
  CHECK(bench.progress[0].task.index == 8);
  CHECK(bench.progress[0].done == 3);
  CHECK(bench.progress[0].total == 10);
  CHECK(bench.progress[0].text == "three of ten");
  bench.stop(8);
  bench.run_until_answered(8, 1);
  CHECK(bench.progress.size() == 1);
}

TEST_CASE("payloads of 64 MiB pass both ways, two works at a time") {
  ON_BOTH_EXECUTORS();
  const std::string large(std::size_t{64} << 20, 'y');
  bench->start(0, make_work("echo", {large}));
  bench->start(0, make_work("echo", {"small", large, "small"}, 1));
  bench.run_until_answered(0, 4);
  CHECK((bench.task(0).payload == large));
  CHECK((bench.task(2).payload == large));
  CHECK(bench.task(3).payload == "small");
}

TEST_CASE("results of every size around the journal's end arrive whole") {
  ON_BOTH_EXECUTORS();
  std::vector<std::string> sizes;
  for (const int size : {0, 65535, 1, 65536, 65537, 3, 200'000, 0, 32768, 32768, 32769})
    sizes.push_back(std::to_string(size));
  bench->start(0, make_work("large", sizes));
  bench.run_until_answered(0, sizes.size());
  for (std::size_t at = 0; at < sizes.size(); ++at)
    CHECK(std::to_string(bench.task(at).payload.size()) == sizes[at]);
  CHECK(bench.in_order);
}

TEST_CASE("slots run side by side") {
  const std::string isolation = GENERATE(as<std::string>{}, "thread", "process");
  ExecutorBench bench(make_executor(isolation, 2));
  bench->start(0, make_work("until_stopped", {"wait"}, 0));
  bench->start(1, make_work("until_stopped", {"wait"}, 1));
  bench.run_until_running(0, 0);
  bench.run_until_running(1, 1);
  bench.stop(1, StopReason::Cancelled, 1);
  bench.run_until_answered(1, 1);
  CHECK(bench.task(0).answers == 0);
  bench.stop(0);
  bench.run_until_answered(0, 1);
}

TEST_CASE("a task that ends its thread takes only itself down") {
  ExecutorBench bench(make_executor("thread"));
  bench->start(0, make_work("leave_thread", {"no", "leave", "no"}));
  bench.run_until_answered(0, 3);
  CHECK(bench.task(0).finished);
  CHECK(bench.report(1).kind == TaskReport::crashed);
  CHECK_FALSE(bench.task(2).finished);
  bench->start(0, make_work("echo", {"again"}, 3));
  bench.run_until_answered(3, 1);
}

TEST_CASE("a task that does not listen costs its thread, and no slot") {
  ExecutorBench bench(make_executor("thread"));
  bench->start(0, make_work("deaf", {"no", "forever", "no"}));
  bench->start(0, make_work("echo", {"behind"}, 3));
  bench.run_until_running(1);
  CHECK_FALSE(bench->is_stuck());
  bench.stop(1, StopReason::TimedOut);
  bench.run_until_answered(0, 4);
  CHECK(bench.task(0).finished);
  CHECK(bench.report(1).kind == TaskReport::timed_out);
  for (const std::uint64_t index : {2, 3}) CHECK_FALSE(bench.task(index).finished);
  CHECK(bench->is_stuck());
  bench->start(0, make_work("echo", {"again"}, 4));
  bench.run_until_answered(4, 1);
  CHECK(bench.task(4).payload == "again");
  end_deafness();
  bench.run_until([&] { return !bench->is_stuck(); });
  CHECK(bench.each_answered_once(0, 5));
}

TEST_CASE("randomly dropped and stopped works answer each index once") {
  ON_BOTH_EXECUTORS();
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  constexpr std::uint64_t kWorks = 60;
  constexpr std::uint64_t kSize = 50;
  for (std::uint64_t number = 0; number < kWorks; ++number) {
    const std::uint64_t first = number * kSize;
    bench->start(0, make_work("echo", numbers(kSize), first));
    if (random() % 2 == 0) bench->drop(test_job(), first + random() % kSize, random() % kSize, {3, 9});
    bench.stop(first + random() % kSize);
    if (number > 0) bench.run_until_answered(first - kSize, kSize);
  }
  bench.run_until_answered(0, kWorks * kSize);
  CHECK(bench.each_answered_once(0, kWorks * kSize));
}

TEST_CASE("an executor that is destroyed in the middle of work leaves no process") {
  {
    ON_BOTH_EXECUTORS();
    bench->start(0, make_work("until_stopped", {"wait", "wait"}));
    bench->start(0, make_work("until_stopped", {"wait"}, 2));
    bench.run_until_running(0);
  }
  CHECK(has_no_children());
}
