#include "cli/pools/scaler.h"

#include <catch2/catch.hpp>
#include <random>

using namespace zonda::cli;
using namespace std::chrono_literals;

namespace {

struct PoolFixture {
  PoolSize size{0, 8, 30s};
  Scaler::TimePoint now{};
  Scaler scaler{60s, 0, now};
  PoolView view;

  PoolDemand& waits(double queued, double task_seconds, std::uint64_t at_once = 1, std::uint64_t others = 0) {
    view.demand = {{1, queued, 0, task_seconds, 0, at_once, others}};
    return view.demand[0];
  }
  void has_workers(std::uint64_t count, double load = 1) {
    view.workers.clear();
    for (std::uint64_t each = 1; each <= count; ++each)
      view.workers.push_back({"w-" + std::to_string(each), load, load > 0 ? 1u : 0u, false});
  }
  ScaleDecision decide() { return scaler.decide(size, view, now); }
  // The first decision that changes something within this time.
  ScaleDecision decide_within(std::chrono::seconds time) {
    for (const auto end = now + time; now < end; now += 1s) {
      if (ScaleDecision decision = decide(); decision.changes()) return decision;
    }
    return {};
  }
};

}  // namespace

TEST_CASE_METHOD(PoolFixture, "the backlog that exceeds the target wait asks for workers, in words") {
  has_workers(24);
  size.max = 100;
  waits(412, 1.9);
  const ScaleDecision decision = decide();
  CHECK(decision.start == 4);  // 412 × 1.9 ÷ 30 = 26.1, and what the 24 have begun takes its share
  CHECK(decision.why == "+4: 412 queued × 1.9 s ÷ target 30 s");
}

TEST_CASE_METHOD(PoolFixture, "a backlog that is done within the target wait asks for nobody") {
  has_workers(4);
  waits(4'000, 0.02);
  CHECK_FALSE(decide_within(300s).changes());
}

TEST_CASE_METHOD(PoolFixture, "the first task of a pool at zero starts a worker at once") {
  waits(1, 0);
  CHECK(decide().why == "+1: 1 queued, not measured yet");
}

TEST_CASE_METHOD(PoolFixture, "tasks that others can run do not start a worker") {
  waits(10, 1, 1, 4);
  CHECK_FALSE(decide_within(100s).changes());
}

TEST_CASE_METHOD(PoolFixture, "long tasks get a slot each, beside those that run") {
  has_workers(2);
  size.max = 20;
  waits(6, 600);
  const ScaleDecision decision = decide();
  CHECK(decision.start == 6);
  CHECK(decision.why == "+6: 6 queued × 600 s ÷ target 30 s, a slot each");
}

TEST_CASE_METHOD(PoolFixture, "tasks none of which has ended are taken to last as long as those that run") {
  has_workers(1);
  PoolDemand& demand = waits(100, 0);
  demand.running = 1;
  CHECK_FALSE(decide().changes());
  now += 3s;
  demand.stalled_seconds = 3;
  const ScaleDecision decision = decide();
  CHECK(decision.start == 7);
  CHECK(decision.why == "+7: 100 queued × 3 s or more ÷ target 30 s, at most 8");
}

TEST_CASE_METHOD(PoolFixture,
                 "tasks that wait behind others, and none of which ran, tell nothing of how long they take") {
  has_workers(1);
  waits(100, 0).stalled_seconds = 10;
  CHECK_FALSE(decide().changes());
}

TEST_CASE_METHOD(PoolFixture,
                 "short tasks behind a long one get a worker when none began within the target wait") {
  has_workers(1);
  PoolDemand& demand = waits(50, 0.001);
  demand.stalled_seconds = 29;
  CHECK_FALSE(decide().changes());
  demand.stalled_seconds = 31;
  const ScaleDecision decision = decide();
  CHECK(decision.start == 1);
  CHECK(decision.why == "+1: 50 queued × 1 ms ÷ target 30 s, none begun for 31 s");
}

TEST_CASE_METHOD(PoolFixture, "workers of others that do not get to it are no help") {
  PoolDemand& demand = waits(4, 600, 1, 4);
  demand.running = 4;
  demand.stalled_seconds = 5;
  CHECK_FALSE(decide().changes());
  demand.stalled_seconds = 31;
  CHECK(decide().start == 4);
}

TEST_CASE_METHOD(PoolFixture, "many kinds of short tasks are together what they are") {
  for (std::uint64_t each = 1; each <= 40; ++each) view.demand.push_back({each, 1, 0, 0.001, 0, 1, 0});
  CHECK(decide().start == 1);
}

TEST_CASE_METHOD(PoolFixture, "what was wanted before a restart is wanted for a cooldown") {
  scaler = Scaler(60s, 5, now);
  CHECK_FALSE(decide().changes());
  CHECK(scaler.wanted() == 5);
  decide_within(59s);
  CHECK(scaler.wanted() == 5);
  decide_within(2s);
  CHECK(scaler.wanted() == 0);
}

TEST_CASE_METHOD(PoolFixture, "slots and resources say how many tasks a worker runs at once") {
  has_workers(1, 0);
  waits(30, 30, 8);
  CHECK(decide().start == 3);  // 30 slots, of which a worker has 8
}

TEST_CASE_METHOD(PoolFixture, "what was started is not started again while it is awaited") {
  waits(100, 30);
  CHECK(decide().start == 8);
  view.pending = 8;
  CHECK_FALSE(decide_within(600s).changes());
}

TEST_CASE_METHOD(PoolFixture,
                 "fewer only after a whole cooldown in which fewer were enough; the idle leave first") {
  has_workers(4, 0);
  view.workers[0] = {"w-1", 1, 3, false};
  CHECK(decide().drain.empty());
  CHECK(scaler.note() == "held: looks on for another 60 s");
  const auto began = now;
  const ScaleDecision decision = decide_within(120s);
  CHECK(now - began == 60s);
  CHECK(decision.drain ==
        std::vector<std::string>{"w-4", "w-3"});  // one is busy; one more for the next burst
  CHECK(decision.why == "-2: 2 of 4 were enough for 1m");
}

TEST_CASE_METHOD(PoolFixture, "a pool without work goes down to zero") {
  has_workers(2, 0);
  const ScaleDecision decision = decide_within(120s);
  CHECK(decision.drain.size() == 2);
  CHECK(decision.why == "-2: 0 of 2 were enough for 1m");
}

TEST_CASE_METHOD(PoolFixture, "a time in which nobody looked is no time in which nothing was needed") {
  has_workers(4);
  CHECK_FALSE(decide_within(100s).changes());
  has_workers(4, 0);  // the broker is back, and its workers have not told yet what they run
  now += 300s;
  CHECK_FALSE(decide_within(59s).changes());
}

TEST_CASE_METHOD(PoolFixture, "a size that is ordered counts at once, up and down") {
  has_workers(1, 0);
  size = {8, 8, 30s};
  CHECK(decide().why == "+7: at least 8");
  has_workers(8, 0);
  CHECK_FALSE(decide().changes());
  size = {1, 1, 30s};
  const ScaleDecision down = decide();
  CHECK(down.why == "-7: at most 1");
  CHECK(down.drain.size() == 7);
}

TEST_CASE_METHOD(PoolFixture, "those that are awaited are taken back before anybody is drained") {
  has_workers(3);
  view.pending = 2;
  size = {2, 2, 30s};
  const ScaleDecision decision = decide();
  CHECK(decision.cancel == 2);
  CHECK(decision.drain == std::vector<std::string>{"w-3"});
}

TEST_CASE_METHOD(PoolFixture, "who leaves already counts no more") {
  has_workers(2, 0);
  view.workers[1].leaving = true;
  size = {2, 2, 30s};
  CHECK(decide().why == "+1: at least 2");
}

// A pool in time: tasks arrive at random in bursts, workers take a moment to come, drained ones leave.
TEST_CASE_METHOD(PoolFixture, "a noisy load does not make it flap") {
  const auto seed = GENERATE(1u, 2u, 3u, 4u, 5u);
  INFO("seed " << seed);
  std::mt19937 random(seed);
  size = {1, 16, 5s};
  constexpr double kTask = 0.5;
  double queued = 0, workers = 1, coming = 0;
  int ups = 0, downs = 0;
  for (int second = 0; second < 600; ++second, now += 1s) {
    std::poisson_distribution<int> arrivals(second % 20 < 10 ? 12 : 4);  // 4 workers' worth, on average
    const double work = queued + arrivals(random);
    const double done = std::min(work, workers / kTask);
    queued = work - done;
    workers += std::exchange(coming, 0);
    has_workers(static_cast<std::uint64_t>(workers), std::min(1.0, done * kTask / workers));
    waits(queued, kTask);
    const ScaleDecision decision = decide();
    coming = static_cast<double>(decision.start);
    workers -= static_cast<double>(decision.drain.size());
    if (second < 120) continue;  // it finds its size
    ups += decision.start > 0 ? 1 : 0;
    downs += decision.drain.empty() ? 0 : 1;
  }
  CHECK(ups <= 2);
  CHECK(downs <= 2);
  CHECK(workers >= 4);
  CHECK(workers <= 9);
}
