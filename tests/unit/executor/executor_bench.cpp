#include "tests/unit/executor/executor_bench.h"

#include <poll.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "proto/report.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 20s;

int milliseconds_until(std::optional<TimePoint> deadline, TimePoint now) {
  if (!deadline) return 1000;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
}

}  // namespace

JobId test_job() {
  JobId job;
  job.bytes.fill(7);
  return job;
}

Work make_work(const std::string& function, const std::vector<std::string>& arguments, std::uint64_t first,
               const std::string& signature) {
  std::string bytes;
  for (const std::string& argument : arguments) {
    const auto length = static_cast<std::uint32_t>(argument.size());
    bytes.append(reinterpret_cast<const char*>(&length), 4);
  }
  const std::size_t lengths = bytes.size();
  for (const std::string& argument : arguments) bytes += argument;
  Work work;
  work.job = test_job();
  work.first = first;
  work.token = {3, 9};
  work.function = function;
  work.signature = signature;
  work.slab = Slab(bytes);
  work.arguments = {work.slab.view().substr(0, lengths), work.slab.view().substr(lengths)};
  return work;
}

void ExecutorBench::run_until(const std::function<bool()>& done) {
  const TimePoint give_up = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const TimePoint now = std::chrono::steady_clock::now();
    for (ExecutorEvent& event : executor_->take_events(now)) on(event);
    if (done()) return;
    if (now > give_up) FAIL("nothing more happened");
    pollfd ready{executor_->event_fd(), POLLIN, 0};
    // Conditions outside the executor are looked at every millisecond, too.
    ::poll(&ready, 1, std::min(1, milliseconds_until(executor_->next_deadline(), now)));
  }
}

void ExecutorBench::run_until_answered(std::uint64_t first, std::uint64_t count) {
  std::uint64_t next = first;
  run_until([&] {
    while (next < first + count && tasks_[next].answers > 0) ++next;
    return next == first + count;
  });
}

void ExecutorBench::run_until_running(std::uint64_t index, int slot) {
  run_until([&] {
    const std::optional<Running> running = executor_->running(slot);
    return running && running->task == TaskId{test_job(), index};
  });
}

void ExecutorBench::stop(std::uint64_t index, StopReason reason, int slot) {
  executor_->stop(slot, {test_job(), index}, reason, std::chrono::steady_clock::now());
}

void ExecutorBench::on(ExecutorEvent& event) {
  if (auto* finished = std::get_if<Finished>(&event)) return on_finished(*finished);
  if (auto* said = std::get_if<TaskProgress>(&event)) return progress.push_back(*said);
  if (auto* said = std::get_if<TaskOutput>(&event)) return output.push_back(*said);
  const auto& unstarted = std::get<Unstarted>(event);
  for (std::uint32_t at = 0; at < unstarted.count; ++at) ++tasks_[unstarted.first + at].answers;
}

void ExecutorBench::on_finished(const Finished& finished) {
  const Column column{finished.lengths, finished.payloads};
  REQUIRE(column.consistent());
  REQUIRE(column.count() > 0);
  in_order = in_order && finished.first >= next_finished_;
  next_finished_ = finished.first + column.count();
  busy += finished.busy;
  for_each_value(column, [&](std::uint32_t at, std::string_view payload) {
    SeenTask& seen = tasks_[finished.first + at];
    ++seen.answers;
    seen.finished = true;
    seen.kind = finished.kinds.empty() ? 0 : static_cast<std::uint8_t>(finished.kinds.at(at));
    seen.payload = payload;
  });
}

TaskReport ExecutorBench::report(std::uint64_t index) {
  const std::optional<TaskReport> report = decode_report(tasks_[index].payload);
  REQUIRE(report);
  CHECK(report->kind == tasks_[index].kind);
  return *report;
}

bool ExecutorBench::each_answered_once(std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t at = first; at < first + count; ++at) {
    if (tasks_[at].answers != 1) return false;
  }
  return true;
}

std::string state_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string number;
  std::string name;
  std::string state;
  file >> number >> name >> state;
  return state;
}

bool is_gone(int pid) {
  const std::string state = state_of(pid);
  return state.empty() || state == "Z" || state == "X";
}

bool has_no_children() { return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD; }

void wait_for(const std::function<bool()>& done) {
  const TimePoint give_up = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > give_up) FAIL("it did not happen");
    std::this_thread::yield();
  }
}
