// zonda.exec, in both executors.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "proto/limits.h"
#include "tests/unit/executor/executor_bench.h"
#include "tests/unit/executor/test_handlers.h"
#include "worker/executor/exec_function.h"
#include "worker/executor/process_executor.h"
#include "worker/executor/thread_executor.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<Executor> make_executor(const std::string& isolation) {
  if (isolation == "thread") return std::make_unique<ThreadExecutor>(1, test_handlers());
  return std::make_unique<ProcessExecutor>(ProcessExecutorOptions{.slots = 1});
}

struct ExecBench : ExecutorBench {
  explicit ExecBench(const std::string& isolation) : ExecutorBench(make_executor(isolation)) {}

  void start(const ExecRequest& request) {
    (*this)->start(0, make_work(kExecName, {encode_exec_arguments(request)}, next_, kExecSignature));
  }
  ExecResult run(const ExecRequest& request) {
    start(request);
    return wait();
  }
  ExecResult wait() {
    run_until_answered(next_, 1);
    last_ = next_++;
    if (task(last_).kind == 0) return decode_exec_result(task(last_).payload);
    const std::optional<ExecResult> result = exec_result_of(task(last_).payload);
    REQUIRE(result);
    return *result;
  }
  TaskReport last_report() { return report(last_); }
  std::uint64_t next() const { return next_; }

 private:
  std::uint64_t next_ = 20;
  std::uint64_t last_ = 0;
};

ExecRequest shell(const std::string& script) {
  ExecRequest request;
  request.argv = {script};
  request.shell = true;
  return request;
}

#define ON_BOTH_EXECUTORS()                                                       \
  const std::string isolation = GENERATE(as<std::string>{}, "thread", "process"); \
  CAPTURE(isolation);                                                             \
  ExecBench bench(isolation)

}  // namespace

TEST_CASE("requests and results of zonda.exec survive encoding") {
  ExecRequest request{{"a", "\xff", ""},         true, {{"K", "v=w"}}, "/tmp", true,
                      std::string("in\0put", 6), 7,    true,           5,      6ms};
  CHECK(decode_exec_arguments(encode_exec_arguments(request)) == request);
  ExecResult result{3, 9, "out", "err", true, true, 5, 6, "/tmp", true, 1.5, 77, {2, 9}};
  CHECK(decode_exec_result(encode_exec_result(result)) == result);
  CHECK_FALSE(exec_result_of("no report"));
}

TEST_CASE("a command's output is its value") {
  ON_BOTH_EXECUTORS();
  const ExecResult result = bench.run(shell("echo out; echo err >&2"));
  CHECK(result.exit_code == 0);
  CHECK(result.stdout_bytes == "out\n");
  CHECK(result.stderr_bytes == "err\n");
  CHECK(result.seconds > 0);
  CHECK(result.peak_rss_bytes > 0);
}

TEST_CASE("a command runs without a shell and gets its arguments as they are") {
  ON_BOTH_EXECUTORS();
  CHECK(bench.run({.argv = {"printf", "%s|", "a b", "$HOME", "", "*"}}).stdout_bytes == "a b|$HOME||*|");
}

TEST_CASE("an exit code fails the task and keeps its output") {
  ON_BOTH_EXECUTORS();
  const ExecResult result = bench.run(shell("echo out; echo err >&2; exit 3"));
  CHECK(result.exit_code == 3);
  CHECK(result.stdout_bytes == "out\n");
  const TaskReport report = bench.last_report();
  CHECK(report.kind == TaskReport::failed);
  CHECK(report.message == "exit code 3");
  CHECK(report.exit_code == 3);
  CHECK(report.stderr_tail == "err\n");
}

TEST_CASE("a signal fails the task and is named") {
  ON_BOTH_EXECUTORS();
  CHECK(bench.run(shell("kill -TERM $$")).signal == 15);
  CHECK(bench.last_report().message == "killed by signal 15 (SIGTERM)");
  CHECK(bench.last_report().signal == 15);
}

TEST_CASE("a command that is not there is 127, one that cannot run is 126") {
  ON_BOTH_EXECUTORS();
  CHECK(bench.run({.argv = {"no-such-command-here"}}).exit_code == 127);
  CHECK(bench.last_report().message == "command not found: no-such-command-here");
  CHECK(bench.run({.argv = {"/no/such/command"}}).exit_code == 127);
  CHECK(bench.run({.argv = {""}}).exit_code == 127);
#ifndef __SANITIZE_THREAD__  // it makes a fork of vfork, and the child cannot answer
  CHECK(bench.run({.argv = {"/etc/passwd"}}).exit_code == 126);
  CHECK(bench.last_report().message == "not executable: /etc/passwd");
  CHECK(bench.run({.argv = {"/"}}).exit_code == 126);
#endif
}

TEST_CASE("a script without an interpreter line runs in sh") {
  ON_BOTH_EXECUTORS();
  const std::string path = "/var/tmp/zonda-test-script-" + std::to_string(::getpid());
  std::ofstream(path) << "echo script $1\n";
  ::chmod(path.c_str(), 0755);
  CHECK(bench.run({.argv = {path, "x"}}).stdout_bytes == "script x\n");
  std::filesystem::remove(path);
}

TEST_CASE("output beyond what is kept is cut and said") {
  ON_BOTH_EXECUTORS();
  ExecRequest request = shell("head -c 300000 /dev/zero; head -c 10 /dev/zero >&2");
  request.keep_bytes = 100'000;
  const ExecResult result = bench.run(request);
  CHECK(result.stdout_bytes.size() == 100'000);
  CHECK(result.stdout_cut);
  CHECK(result.stderr_bytes.size() == 10);
  CHECK_FALSE(result.stderr_cut);
}

TEST_CASE("16 MiB of a stream are kept") {
  ON_BOTH_EXECUTORS();
  const ExecResult result = bench.run(shell("head -c 17000000 /dev/zero"));
  CHECK(result.stdout_bytes.size() == 16 << 20);
  CHECK(result.stdout_cut);
}

TEST_CASE("standard input is what was given, else empty") {
  ON_BOTH_EXECUTORS();
  CHECK(bench.run({.argv = {"cat"}}).stdout_bytes == "");
  const std::string input(1'000'000, 'i');
  CHECK((bench.run({.argv = {"cat"}, .input = input}).stdout_bytes == input));
  CHECK(bench.run({.argv = {"true"}, .input = input}).exit_code == 0);  // one that does not read it
}

TEST_CASE("the environment is the worker's, with what was asked for and what the task is") {
  ON_BOTH_EXECUTORS();
  ExecRequest request =
      shell("echo $A-$PATH-$ZONDA_JOB-$ZONDA_INDEX-$ZONDA_ATTEMPT-$ZONDA_TOKEN; env | grep -c ^A=");
  request.env = {{"A", "1"}, {"A", "2"}, {"ZONDA_JOB", "mine"}};
  const std::string rest = "-1-3.9\n1\n";
  const std::string start = std::string("2-") + std::getenv("PATH") + "-" + to_string(test_job()) + "-";
  const std::string own = std::to_string(bench.next());
  CHECK(bench.run(request).stdout_bytes == start + own + rest);
  request.index = 99;
  CHECK(bench.run(request).stdout_bytes == start + "99" + rest);
}

TEST_CASE("a command is looked for in the PATH it was given") {
  ON_BOTH_EXECUTORS();
  CHECK(bench.run({.argv = {"true"}, .env = {{"PATH", "/nowhere"}}}).exit_code == 127);
  CHECK(bench.run({.argv = {"sh", "-c", ":"}, .env = {{"PATH", "/nowhere:/bin"}}}).exit_code == 0);
}

TEST_CASE("a command runs where it was submitted, else in a scratch directory that goes away") {
  ON_BOTH_EXECUTORS();
  ExecRequest request = shell("pwd; touch here 2>&1");
  request.cwd = "/proc";
  CHECK(bench.run(request).stdout_bytes.substr(0, 6) == "/proc\n");
  request.cwd = "/not/on/this/host";
  const ExecResult result = bench.run(request);
  CHECK(result.scratch);
  CHECK(result.stdout_bytes == result.cwd + "\n");
  CHECK_FALSE(std::filesystem::exists(result.cwd));
}

TEST_CASE("what a command leaves in the background neither delays its task nor stays") {
  ON_BOTH_EXECUTORS();
  const TimePoint before = std::chrono::steady_clock::now();
  const ExecResult result = bench.run(shell("sleep 1000 & echo $!"));
  CHECK(std::chrono::steady_clock::now() - before < 10s);
  const int left = std::stoi(result.stdout_bytes);
  wait_for([&] { return is_gone(left); });
}

TEST_CASE("a command that runs over its time gets SIGTERM, then SIGKILL, and keeps its output") {
  ON_BOTH_EXECUTORS();
  ExecRequest request = shell("echo begun; sleep 1000");
  request.live = true;
  SECTION("it listens") {}
  SECTION("it does not") {
    request.argv = {"trap '' TERM; echo begun; while :; do sleep 1000; done"};
    request.stop_grace = 100ms;
  }
  bench.start(request);
  bench.run_until([&] { return !bench.output.empty(); });
  const TimePoint asked = std::chrono::steady_clock::now();
  bench.stop(bench.next(), StopReason::TimedOut);
  const ExecResult result = bench.wait();
  CHECK(std::chrono::steady_clock::now() - asked < 3s);
  CHECK(result.stdout_bytes == "begun\n");
  CHECK(result.signal != 0);
  CHECK(bench.last_report().kind == TaskReport::timed_out);
}

TEST_CASE("live output arrives while the command runs") {
  ON_BOTH_EXECUTORS();
  ExecRequest request = shell("echo one; sleep 1000");
  request.live = true;
  bench.start(request);
  bench.run_until([&] { return !bench.output.empty(); });
  CHECK(bench.output[0].bytes == "one\n");
  CHECK(bench.output[0].offset == 0);
  CHECK(bench.output[0].stream == 1);
  CHECK(bench.output[0].task.index == bench.next());
  bench.stop(bench.next());
  bench.wait();
}

TEST_CASE("a command whose directory is required does not run elsewhere") {
  ON_BOTH_EXECUTORS();
  ExecRequest request = shell("pwd");
  request.cwd = "/nonexistent/directory";
  request.cwd_required = true;
  bench.start(request);
  bench.run_until_answered(bench.next(), 1);
  CHECK(bench.task(bench.next()).kind == TaskReport::failed);
  CHECK(bench.report(bench.next()).message == "the worker has no directory /nonexistent/directory to run in");
}

TEST_CASE("a command that is watched waits while there is no room for its output") {
  ON_BOTH_EXECUTORS();
  constexpr std::uint64_t kAll = 3 * kOutputWindow;
  ExecRequest request = shell("head -c " + std::to_string(kAll) + " /dev/zero");
  request.live = true;
  const auto said = [&] {
    std::uint64_t bytes = 0;
    for (const TaskOutput& output : bench.output) bytes += output.bytes.size();
    return bytes;
  };
  bench.start(request);
  const TaskId task{test_job(), bench.next()};
  bench.run_until([&] { return said() >= kOutputWindow; });
  std::uint64_t upto = kOutputWindow;
  while (said() < kAll) {
    CHECK(said() < upto + (1 << 20));  // a read at most beyond what was granted
    upto += kOutputWindow / 2;
    bench->output_room(0, task, upto);
    bench.run_until([&] { return said() >= std::min(upto, kAll); });
  }
  CHECK(bench.wait().stdout_total == kAll);
}

TEST_CASE("a command and its scratch directory go with their executor child") {
  {
    ExecBench bench("process");
    ExecRequest request = shell("echo $$; pwd; sleep 1000");
    request.live = true;
    bench.start(request);
    std::string said;
    bench.run_until([&] {
      said.clear();
      for (const TaskOutput& output : bench.output) said += output.bytes;
      return std::count(said.begin(), said.end(), '\n') == 2;
    });
    const int command = std::stoi(said);
    const std::string scratch = said.substr(said.find('\n') + 1, said.size() - said.find('\n') - 2);
    CHECK(std::filesystem::exists(scratch));
    bench.destroy_executor();
    CHECK_FALSE(std::filesystem::exists(scratch));
    wait_for([&] { return is_gone(command); });
  }
  CHECK(has_no_children());
}

TEST_CASE("arguments that are no request fail their task") {
  ON_BOTH_EXECUTORS();
  bench->start(0, make_work(kExecName,
                            {"", "\x91\x80",
                             "\x91\x81\xa4"
                             "argv\x91\xa3"
                             "a\0b"},
                            0, kExecSignature));
  bench.run_until_answered(0, 3);
  for (const std::uint64_t index : {0, 1, 2}) CHECK(bench.report(index).type == "DecodeError");
}
