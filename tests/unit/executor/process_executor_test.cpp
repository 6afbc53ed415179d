// What only processes promise: exact blame, and nothing left behind.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "tests/unit/executor/executor_bench.h"
#include "tests/unit/executor/test_handlers.h"
#include "worker/executor/process_executor.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

struct ProcessBench : ExecutorBench {
  explicit ProcessBench(int slots = 1)
      : ExecutorBench(std::make_unique<ProcessExecutor>(ProcessExecutorOptions{.slots = slots})) {}

  ProcessExecutor& process() { return static_cast<ProcessExecutor&>(**this); }
  TaskReport report_of_death(const std::string& how) {
    (*this)->start(0, make_work("die", {"no", how, "no"}));
    run_until_answered(0, 3);
    CHECK(task(0).payload == "alive");
    CHECK_FALSE(task(2).finished);
    CHECK(each_answered_once(0, 3));
    return report(1);
  }
};

// Whatever a test does, its processes are gone once its bench is.
struct NothingLeft {
  ~NothingLeft() { CHECK(has_no_children()); }
};

std::string read_line(int fd) {
  std::string line;
  char byte = 0;
  while (::read(fd, &byte, 1) == 1 && byte != '\n') line += byte;
  return line;
}

}  // namespace

TEST_CASE("a signal kills one task and blames it by name") {
  const NothingLeft check;
  ProcessBench bench;
  const TaskReport report = bench.report_of_death("segv");
  CHECK(report.kind == TaskReport::crashed);
  CHECK(report.type == "signal");
  CHECK(report.signal == SIGSEGV);
  CHECK(report.message == "killed by signal 11 (SIGSEGV)");
  CHECK(report.peak_rss_bytes > 1'000'000);
  // A fresh child is there at once.
  bench->start(0, make_work("die", {"no"}, 3));
  bench.run_until_answered(3, 1);
  CHECK(bench.task(3).payload == "alive");
}

TEST_CASE("abort, a stack overflow and exits are crashes with their own words") {
  const NothingLeft check;
  ProcessBench bench;
  SECTION("abort") { CHECK(bench.report_of_death("abort").message == "killed by signal 6 (SIGABRT)"); }
  SECTION("stack overflow") { CHECK(bench.report_of_death("overflow").signal == SIGSEGV); }
  SECTION("exit") {
    const TaskReport report = bench.report_of_death("exit");
    CHECK(report.exit_code == 3);
    CHECK(report.signal == 0);
    CHECK(report.message == "exit code 3");
  }
  SECTION("a quiet exit is a crash too") {
    const TaskReport report = bench.report_of_death("exit 0");
    CHECK(report.kind == TaskReport::crashed);
    CHECK(report.message == "exit code 0");
  }
  SECTION("SIGKILL") { CHECK(bench.report_of_death("kill").message == "killed by signal 9 (SIGKILL)"); }
}

TEST_CASE("a child that breaks the protocol is killed and its task told so") {
  const NothingLeft check;
  ProcessBench bench;
  const std::string how = GENERATE(as<std::string>{}, "close", "lie");
  const TaskReport report = bench.report_of_death(how);
  CHECK(report.kind == TaskReport::crashed);
  CHECK(report.message.find(how == "close" ? "closed its channel" : "broke the protocol") !=
        std::string::npos);
}

TEST_CASE("the last lines of stderr are in the report, to the last byte") {
  const NothingLeft check;
  ProcessBench bench;
  const std::string tail = bench.report_of_death("stderr").stderr_tail;
  CHECK(tail.substr(0, 9) == "line 982\n");
  CHECK(tail.substr(tail.size() - 17) == "line 1000\nthe end");
}

TEST_CASE("the report names the memory it took") {
  const NothingLeft check;
  ProcessBench bench;
  CHECK(bench.report_of_death("memory").peak_rss_bytes >= std::size_t{192} << 20);
}

TEST_CASE("a child that is killed from outside while it idles is replaced and blames nobody") {
  const NothingLeft check;
  ProcessBench bench;
  const int first = bench.process().pid_of(0);
  ::kill(first, SIGKILL);
  bench.run_until([&] { return bench.process().pid_of(0) != first; });
  bench->start(0, make_work("pid", {""}));
  bench.run_until_answered(0, 1);
  CHECK(bench.task(0).payload == std::to_string(bench.process().pid_of(0)));
}

TEST_CASE("a second work behind a crash comes back unblamed") {
  const NothingLeft check;
  ProcessBench bench;
  bench->start(0, make_work("until_stopped", {"no", "wait", "no"}));
  bench->start(0, make_work("echo", {"a", "b"}, 3));
  bench.run_until_running(1);
  ::kill(bench.process().pid_of(0), SIGSEGV);
  bench.run_until_answered(0, 5);
  CHECK(bench.task(0).payload == "went on");
  CHECK(bench.report(1).kind == TaskReport::crashed);
  for (const std::uint64_t index : {2, 3, 4}) CHECK_FALSE(bench.task(index).finished);
  CHECK(bench.each_answered_once(0, 5));
}

TEST_CASE("a task that does not listen is killed after its grace") {
  const NothingLeft check;
  ProcessBench bench;
  bench->start(0, make_work("deaf", {"no", "forever", "no"}));
  bench.run_until_running(1);
  const TimePoint asked = std::chrono::steady_clock::now();
  bench.stop(1, StopReason::TimedOut);
  bench.run_until_answered(0, 3);
  CHECK(std::chrono::steady_clock::now() - asked >= 1s);
  CHECK(std::chrono::steady_clock::now() - asked < 3s);
  CHECK(bench.report(1).kind == TaskReport::timed_out);
  CHECK(bench.task(0).finished);
  CHECK_FALSE(bench.task(2).finished);
  CHECK(bench.each_answered_once(0, 3));
}

TEST_CASE("a crash takes what the task left running with it") {
  const NothingLeft check;
  ProcessBench bench;
  bench->start(0, make_work("leave_behind", {"stay", "die"}));
  bench.run_until_answered(0, 2);
  const int grandchild = std::stoi(bench.task(0).payload);
  CHECK(bench.report(1).kind == TaskReport::crashed);
  wait_for([&] { return is_gone(grandchild); });
}

TEST_CASE("children and grandchildren do not outlive their agent") {
  const NothingLeft check;
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const pid_t agent = ::fork();
  if (agent == 0) {  // no Catch in here
    ProcessExecutor executor({.slots = 1});
    executor.start(0, make_work("leave_behind", {"stay"}));
    for (;;) {
      for (const ExecutorEvent& event : executor.take_events(std::chrono::steady_clock::now())) {
        if (const auto* finished = std::get_if<Finished>(&event)) {
          ::dprintf(pipe[1], "%d\n", executor.pid_of(0));
          ::dprintf(pipe[1], "%s\n", finished->payloads.c_str());
        }
      }
    }
  }
  const int child = std::stoi(read_line(pipe[0]));
  const int grandchild = std::stoi(read_line(pipe[0]));
  ::kill(agent, SIGKILL);
  ::waitpid(agent, nullptr, 0);
  wait_for([&] { return is_gone(child); });
  wait_for([&] { return is_gone(grandchild); });
  ::waitpid(child, nullptr, 0);  // this process may be the next subreaper
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_CASE("a program that cannot be an executor is not started in a hot loop") {
  const NothingLeft check;
  ProcessExecutor executor({.slots = 1, .command = {"/bin/false"}});
  executor.start(0, make_work("echo", {"a"}));
  std::set<int> pids;
  const TimePoint until = std::chrono::steady_clock::now() + 450ms;
  while (std::chrono::steady_clock::now() < until) {
    CHECK(executor.take_events(std::chrono::steady_clock::now()).empty());
    pids.insert(executor.pid_of(0));
  }
  CHECK(pids.size() <= 6);  // two at once, then after 100 and 200 ms, and "none"
  CHECK(executor.fault().find("exit code 1") != std::string::npos);
  executor.drop(test_job(), 0, 1, {3, 9});
  const auto events = executor.take_events(std::chrono::steady_clock::now());
  REQUIRE(events.size() == 1);
  CHECK(std::get<Unstarted>(events[0]).count == 1);
}

TEST_CASE("a program that does not exist is a fault, not an exception") {
  ProcessExecutor executor({.slots = 1, .command = {"/nowhere/at/all"}});
  CHECK(executor.fault().find("cannot start") != std::string::npos);
  CHECK(executor.next_deadline());
}

TEST_CASE("kills at random moments answer each index once and blame at most one task each") {
  const NothingLeft check;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  ProcessBench bench;
  constexpr std::uint64_t kSize = 100;
  const std::vector<std::string> arguments(kSize, "x");
  std::uint64_t first = 0;
  for (int round = 0; round < 60; ++round, first += 2 * kSize) {
    bench->start(0, make_work("spin", arguments, first));
    bench->start(0, make_work("spin", arguments, first + kSize));
    const TimePoint until = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 6000);
    bench.run_until([&] { return std::chrono::steady_clock::now() >= until; });
    const int pid = bench.process().pid_of(0);
    if (pid > 0) ::kill(pid, SIGKILL);  // none while two in a row were killed before they began
    bench.run_until_answered(first, 2 * kSize);
  }
  CHECK(bench.each_answered_once(0, first));
  std::uint64_t blamed = 0;
  std::uint64_t values = 0;
  for (std::uint64_t at = 0; at < first; ++at) {
    blamed += bench.task(at).kind == TaskReport::crashed;
    values += bench.task(at).payload == "x";
  }
  CHECK(values > 0);
  CHECK(blamed > 0);
  CHECK(blamed <= 60);
  CHECK(bench.in_order);
}

TEST_CASE("what a task leaves behind is gone when its attempt is over, in whatever session it hides") {
  const NothingLeft check;
  ProcessBench bench;
  const std::string how = GENERATE(as<std::string>{}, "stay", "daemon");
  bench->start(0, make_work("leave_behind", {how}));
  bench.run_until_answered(0, 1);
  const int left = std::stoi(bench.task(0).payload);
  wait_for([&] { return is_gone(left); });  // its result may be read before the last message of its work
  const int child = bench.process().pid_of(0);
  bench->start(0, make_work("pid", {""}, 1));
  bench.run_until_answered(1, 1);
  CHECK(bench.task(1).payload == std::to_string(child));  // the executor goes on
}

TEST_CASE("what a task leaves behind does not outlive a crash, in whatever session it hides") {
  const NothingLeft check;
  ProcessBench bench;
  bench->start(0, make_work("leave_behind", {"daemon", "die"}));
  bench.run_until_answered(0, 2);
  CHECK(bench.report(1).kind == TaskReport::crashed);
  const int daemon = std::stoi(bench.task(0).payload);
  bench.run_until([&] { return is_gone(daemon); });
}

TEST_CASE("a fork bomb ends with its attempt") {
  const NothingLeft check;
  ProcessBench bench;
  bench->start(0, make_work("leave_behind", {"fork bomb"}));
  bench.run_until_answered(0, 1);
  bench->start(0, make_work("echo", {"on"}, 1));
  bench.run_until_answered(1, 1);
  CHECK(bench.task(1).payload == "on");
}

TEST_CASE("children that were there before the executor are spared") {
  const pid_t other = ::fork();
  if (other == 0) ::execlp("sleep", "sleep", "1000", nullptr);
  {
    ProcessBench bench;
    bench->start(0, make_work("leave_behind", {"daemon", "die"}));
    bench.run_until_answered(0, 2);
  }
  CHECK_FALSE(is_gone(other));
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
}

TEST_CASE("what the program of a child started before its first task is spared") {
  const NothingLeft check;
  ::setenv(kWithHelper, "1", 1);
  ProcessBench bench;
  ::unsetenv(kWithHelper);
  bench->start(0, make_work("helper", {""}));
  bench->start(0, make_work("leave_behind", {"stay"}, 1));
  bench->start(0, make_work("echo", {""}, 2));
  bench.run_until_answered(0, 2);
  const int left = std::stoi(bench.task(1).payload);
  bench.run_until([&] { return is_gone(left); });
  bench.run_until_answered(2, 1);
  CHECK_FALSE(is_gone(std::stoi(bench.task(0).payload)));
}

TEST_CASE("descriptors that tasks leak stay out of the agent") {
  const NothingLeft check;
  ProcessBench bench;
  const auto descriptors = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  std::uint64_t first = 0;
  const auto crash = [&] {
    bench->start(0, make_work("leave_behind", {"daemon", "die"}, first));
    bench.run_until_answered(first, 2);
    first += 2;
  };
  crash();
  const auto before = descriptors();
  for (int round = 0; round < 20; ++round) crash();
  CHECK(descriptors() == before);
}

TEST_CASE("results that are held wait in the child, and none is lost") {
  const NothingLeft check;
  ProcessBench bench;
  bench->start(0, make_work("echo", {"here"}));
  bench.run_until_answered(0, 1);
  bench->hold_results(true);
  bench->start(0, make_work("large", {"3000000", "3000000"}, 1));
  const int child = bench.process().pid_of(0);
  bench.run_until([&] {  // asleep in a task that waits for nothing: in its write
    return bench.task(1).finished || (bench->running(0) && state_of(child) == "S");
  });
  for (int turns = 0; turns < 10; ++turns) bench.run_until([] { return true; });
  CHECK_FALSE(bench.task(1).finished);
  bench->hold_results(false);
  bench.run_until_answered(1, 2);
  CHECK(bench.task(2).payload.size() == 3'000'000);
  CHECK(bench.in_order);
}
