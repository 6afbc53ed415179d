// What the broker's tables cost for a hand-out: ready ranges, leases, and which job is next.
#include <benchmark/benchmark.h>

#include <deque>

#include "broker/core/leases.h"
#include "broker/core/ready_queue.h"
#include "broker/core/segments.h"

namespace zonda {
namespace {

SegmentState leased(std::uint64_t lease) {
  SegmentState state;
  state.state = TaskState::Leased;
  state.token = {1, lease};
  return state;
}

// A range is handed out from the front and done, while so many are ready.
void hand_out_a_range(benchmark::State& state) {
  constexpr std::uint64_t kTasks = 64;
  Segments segments;
  std::uint64_t first = 0, end = static_cast<std::uint64_t>(state.range(0));
  segments.append({0, end});
  for (auto _ : state) {
    const IndexRange ready = *segments.first_ready();
    const IndexRange range{ready.lo, std::min(ready.hi, ready.lo + kTasks)};
    segments.put(range, leased(++first));
    segments.erase(range);
    segments.append({end, end + kTasks});
    end += kTasks;
  }
}
BENCHMARK(hand_out_a_range)->Arg(10'000)->Arg(10'000'000);

// The same while so many other ranges are out.
void hand_out_beside_others(benchmark::State& state) {
  constexpr std::uint64_t kTasks = 64;
  Segments segments;
  const auto others = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t lease = 0, next = 0;
  const auto lend = [&] {
    segments.append({next, next + kTasks});
    segments.put({next, next + kTasks}, leased(++lease));
    next += kTasks;
  };
  while (lease < others) lend();
  for (std::uint64_t oldest = 0; auto _ : state) {
    lend();
    segments.erase({oldest, oldest + kTasks});
    oldest += kTasks;
  }
}
BENCHMARK(hand_out_beside_others)->Arg(1)->Arg(1'000)->Arg(100'000);

void issue_and_end_a_lease(benchmark::State& state) {
  Leases leases(1);
  Job job;
  auto* worker = reinterpret_cast<WorkerRecord*>(&job);  // only its address is kept
  const auto issue = [&] { return leases.issue(job, *worker, {0, 64}, 1, TimePoint{}).token; };
  std::deque<Token> out;
  for (std::int64_t each = 0; each < state.range(0); ++each) out.push_back(issue());
  for (auto _ : state) {
    out.push_back(issue());
    benchmark::DoNotOptimize(leases.find(out.front()));
    leases.remove(out.front());
    out.pop_front();
  }
}
BENCHMARK(issue_and_end_a_lease)->Arg(1)->Arg(1'000)->Arg(100'000);

// The next job of so many, each of a client of its own.
void choose_the_next_job(benchmark::State& state) {
  ReadyQueue queue;
  std::deque<Job> jobs;
  for (std::int64_t each = 0; each < state.range(0); ++each) {
    Job& job = jobs.emplace_back();
    job.spec.function = "f";
    job.age = jobs.size();
    job.share = queue.join_share("client-" + std::to_string(each));
    job.ready_class = &queue.class_of(job.spec);
    queue.grew(job, 1'000'000);
  }
  ReadyClass& all = *jobs.front().ready_class;
  for (auto _ : state) {
    Job& job = queue.first(all);
    queue.charge(job.share, 1'000);
    queue.shrank(job, 1);
    queue.grew(job, 1);
  }
}
BENCHMARK(choose_the_next_job)->Arg(1)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace zonda
