// Workers die, and one task may be why: that one is found and charged, and nobody else.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

struct Part {
  IndexRange range;
  std::uint64_t lease = 0;
};

// What is handed out of a job.
std::vector<Part> held_of(BrokerFixture& broker, const JobId& job) {
  std::vector<Part> held;
  broker.core().job(job)->segments.for_each({0, ~0ULL}, [&](IndexRange part, const SegmentState& state) {
    if (state.state == TaskState::Leased) held.push_back({part, state.token.lease});
  });
  return held;
}

const SegmentState& state_of(BrokerFixture& broker, const JobId& job, std::uint64_t index) {
  return *broker.core().job(job)->segments.find(index);
}

void dies(BrokerFixture& broker, Peer worker) {
  broker.falls_silent(worker);
  broker.loses_connection(worker);
  broker.advance(500ms);
}

// Workers come one at a time, run what they get, and die when the guilty task is aboard. How many died until
// the job was over.
int deaths_until_over(BrokerFixture& broker, const JobId& job, std::uint64_t guilty, std::uint32_t slots,
                      bool tells_of_starts) {
  const auto is_guilty = [&](const Part& held) { return held.range.lo <= guilty && guilty < held.range.hi; };
  int deaths = 0;
  while (broker.core().job(job)->counts.open() > 0) {
    const Peer worker = broker.join_worker({.slots = slots});
    broker.stays_alive(worker);
    for (std::vector<Part> held = held_of(broker, job); !held.empty(); held = held_of(broker, job)) {
      if (tells_of_starts) {
        for (const Part& each : held) broker.started(worker, job, each.range, each.lease);
      }
      if (std::any_of(held.begin(), held.end(), is_guilty)) break;
      for (const Part& each : held) broker.finishes(worker, job, each.range, each.lease, 1us);
    }
    if (broker.core().job(job)->counts.leased > 0) ++deaths;
    dies(broker, worker);
    REQUIRE(deaths < 100);
  }
  return deaths;
}

// The job's tasks are all in quarantine: three workers died with them aboard.
JobId submit_suspects(BrokerFixture& broker, const JobSpec& spec, std::uint32_t tasks) {
  const JobId job = broker.submit(spec, tasks);
  broker.stays_alive(broker.client());
  for (int deaths = 0; deaths < 3; ++deaths) dies(broker, broker.join_worker({.slots = tasks}));
  REQUIRE(broker.core().job(job)->counts.suspects == tasks);
  broker.ignores_messages();
  return job;
}

// The same of two urgent ones, while other workers are busy.
JobId submit_urgent_suspects(BrokerFixture& broker) {
  JobSpec urgent = job_of();
  urgent.priority = 1;
  const JobId job = broker.submit(urgent, 2);
  broker.stays_alive(broker.client());
  for (int deaths = 0; deaths < 3; ++deaths) {
    const Peer victim = broker.join_worker({.slots = 2});
    dies(broker, victim);
  }
  REQUIRE(broker.core().job(job)->counts.suspects == 2);
  broker.ignores_messages();
  return job;
}

const WorkerRecord& record_of(BrokerFixture& broker, Peer worker) {
  const auto& all = broker.core().roster().all();
  return *std::find_if(all.begin(), all.end(), [&](const auto& each) {
            return each.second->hello.peer == broker.hello_of(worker).peer;
          })->second;
}

std::uint64_t tasks_at(BrokerFixture& broker, Peer worker) { return record_of(broker, worker).outstanding; }

// The worker finishes one task of the job.
void finishes_one(BrokerFixture& broker, Peer worker, const JobId& job) {
  for (const Part& held : held_of(broker, job)) {
    if (!record_of(broker, worker).leases.contains(Token{1, held.lease})) continue;
    return broker.finishes(worker, job, {held.range.lo, held.range.lo + 1}, held.lease, 100ms);
  }
  FAIL("it holds none");
}

}  // namespace

TEST_CASE("of 64 tiny tasks the one that takes workers down is found, the others complete") {
  const bool tells_of_starts = GENERATE(false, true);
  BrokerFixture broker;
  const JobId job = broker.submit("f", 64);
  broker.stays_alive(broker.client());
  const int deaths = deaths_until_over(broker, job, 37, 64, tells_of_starts);
  CHECK(deaths <= 3 + 6 + 2);
  const JobCounts& counts = broker.core().job(job)->counts;
  CHECK(counts.values == 63);
  CHECK(counts.failed[TaskReport::crashed] == 1);
  const std::vector<TaskReport> reports = broker.reports_to(broker.client());
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].kind == TaskReport::crashed);
  CHECK(reports[0].type == "worker-died");
  CHECK(reports[0].message ==
        "the worker died while only this task ran on it: " + reports[0].worker + " on host");
  CHECK(reports[0].history.size() == (tells_of_starts ? static_cast<std::size_t>(deaths) : 1));
}

TEST_CASE("a task that runs for long and takes its worker down is charged with the fourth") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 3);
  broker.stays_alive(broker.client());
  CHECK(deaths_until_over(broker, job, 1, 1, true) == 4);
  CHECK(broker.core().job(job)->counts.values == 2);
  const std::vector<TaskReport> reports = broker.reports_to(broker.client());
  REQUIRE(reports.size() == 1);
  REQUIRE(reports[0].history.size() == 4);
  CHECK(reports[0].history[2].kind == TaskReport::lost);
  CHECK(reports[0].history[3].kind == TaskReport::crashed);
  CHECK(reports[0].attempts == 4);
}

TEST_CASE("retries bound how often a task may take a worker down alone") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.retries = 2;
  const JobId job = submit_suspects(broker, spec, 1);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    broker.advance(10s);  // the pause between them
    CHECK(broker.core().job(job)->counts.open() == 1);
    dies(broker, broker.join_worker());
  }
  const std::vector<TaskReport> reports = broker.reports_to(broker.client());
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].kind == TaskReport::crashed);
  CHECK(reports[0].attempts == 3);
}

TEST_CASE("a death is remembered of all that was aboard, one record for a range") {
  BrokerFixture broker;
  broker.submit("f", 8);
  broker.stays_alive(broker.client());
  const Peer worker = broker.join_worker({.slots = 8});
  broker.took_records();
  dies(broker, worker);
  CHECK(broker.took_records() ==
        std::vector<std::string>{"attempted job=1 [0,8) lease=1 deaths=1 group=4", "left"});
  CHECK(broker.core().counters().tasks_lost == 0);
  CHECK(broker.took_message_to(broker.join_worker({.slots = 8})) ==
        "tasks job=1 [0,4) lease=2, job=1 [4,8) lease=3");
}

TEST_CASE("workers that leave, and tasks that come back, are no deaths") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 2);
  const Peer worker = broker.join_worker({.slots = 2});
  SECTION("goodbye") { broker.says(worker, Goodbye{}); }
  SECTION("returned") { broker.returns(worker, job, {0, 2}, 1); }
  SECTION("not in its holdings") {
    broker.loses_connection(worker);
    broker.reconnects(worker);
  }
  CHECK(state_of(broker, job, 0).deaths == 0);
  CHECK(state_of(broker, job, 0).group == 0);
}

TEST_CASE("a worker that fell silent and comes back with its tasks did not die") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 2);
  broker.stays_alive(broker.client());
  const Peer flapping = broker.join_worker({.slots = 2});
  broker.started(flapping, job, {0, 1}, 1);
  for (int outage = 0; outage < 5; ++outage) {
    dies(broker, flapping);
    CHECK(state_of(broker, job, 0).deaths == 1);
    CHECK(state_of(broker, job, 1).deaths == 1);
    broker.reconnects(flapping,
                      {BrokerFixture::held(job, {0, 1}, 1, true), BrokerFixture::held(job, {1, 2}, 1)});
    CHECK(state_of(broker, job, 0).deaths == 0);
    CHECK(state_of(broker, job, 0).lost == 0);
    CHECK(state_of(broker, job, 1).deaths == 0);
  }
}

TEST_CASE("suspects run alone: nothing is with them, and they go only to who has nothing") {
  BrokerFixture broker;
  const JobId job = submit_suspects(broker, job_of(), 16);
  const Peer worker = broker.join_worker({.slots = 4});
  broker.stays_alive(worker);
  CHECK(broker.took_message_to(worker) == "tasks job=1 [0,2) lease=8");
  const JobId other = broker.submit("f", 2);
  CHECK(broker.took_message_to(worker) == "nothing");
  const Peer second = broker.join_worker({.slots = 4});
  broker.stays_alive(second);
  CHECK(broker.took_message_to(second) == "tasks job=2 [0,2) lease=9");
  CHECK(broker.core().job(job)->counts.suspects == 14);
  broker.finishes(second, other, {0, 1}, 9);
  CHECK(broker.took_messages_to(second) == std::vector<std::string>{"stored upto=1"});
  broker.finishes(second, other, {1, 2}, 9);
  CHECK(broker.took_message_to(second) == "tasks job=1 [2,4) lease=10");
}

TEST_CASE("suspects hold up no other task, of their job or of another") {
  BrokerFixture broker;
  const Peer client = broker.client();
  const JobId job = broker.new_job_id();
  broker.opens(client, job, job_of());
  broker.appends(client, job, 0, 1);
  broker.stays_alive(client);
  for (int deaths = 0; deaths < 3; ++deaths) dies(broker, broker.join_worker());
  const Peer worker = broker.join_worker();
  broker.stays_alive(worker);
  CHECK(state_of(broker, job, 0).state == TaskState::Leased);  // alone
  broker.appends(client, job, 1, 100);
  const Peer other = broker.join_worker({.slots = 10});
  CHECK(held_of(broker, job).back().range == IndexRange{1, 11});
  dies(broker, worker);  // it is charged
  CHECK(broker.core().job(job)->counts.failed[TaskReport::crashed] == 1);
  CHECK(broker.core().job(job)->counts.ready == 90);
  CHECK(broker.leases_of(other) == 1);
}

TEST_CASE("where all are busy, one worker at a time is set apart for suspects, after a moment") {
  BrokerFixture broker;
  const JobId busy = broker.submit("f", 1'000);
  const Peer first = broker.join_worker({.slots = 2});
  const Peer second = broker.join_worker({.slots = 2});
  const JobId job = submit_urgent_suspects(broker);
  broker.stays_alive(first);
  broker.stays_alive(second);
  broker.advance(500ms);
  finishes_one(broker, first, busy);
  CHECK(tasks_at(broker, first) == 2);  // it goes on
  broker.advance(600ms);
  finishes_one(broker, first, busy);
  CHECK(tasks_at(broker, first) == 1);  // it is set apart
  finishes_one(broker, second, busy);
  CHECK(tasks_at(broker, second) == 2);  // one is enough
  CHECK(broker.core().job(job)->counts.suspects == 2);
  SECTION("it gets a group when it is empty, and then the others' tasks again") {
    finishes_one(broker, first, busy);
    CHECK(broker.core().job(job)->counts.suspects == 1);
    CHECK(tasks_at(broker, first) == 1);
    broker.advance(300ms);
    finishes_one(broker, second, busy);
    CHECK(tasks_at(broker, second) == 2);  // still one is enough
    finishes_one(broker, first, job);
    CHECK(tasks_at(broker, first) == 2);
    CHECK(held_of(broker, job).empty());
    broker.advance(300ms);  // as long as the group took
    finishes_one(broker, second, busy);
    finishes_one(broker, second, busy);
    CHECK(held_of(broker, job).size() == 1);
  }
  SECTION("another that becomes empty before takes its place") {
    broker.together([&] {
      finishes_one(broker, second, busy);
      finishes_one(broker, second, busy);
    });
    CHECK(broker.core().job(job)->counts.suspects == 1);
    CHECK(tasks_at(broker, second) == 1);
    CHECK(tasks_at(broker, first) == 2);
  }
  SECTION("if it dies, another is set apart") {
    dies(broker, first);
    finishes_one(broker, second, busy);
    CHECK(tasks_at(broker, second) == 1);
  }
  SECTION("if they are cancelled, it goes on with the others") {
    broker.says(broker.client(), Cancel{job, 0, 0});
    CHECK(broker.core().job(job)->counts.open() == 0);
    CHECK(tasks_at(broker, first) == 2);
  }
}

TEST_CASE("suspects of several jobs have turns") {
  BrokerFixture broker;
  const JobId one = broker.submit("f", 16);
  const JobId two = broker.submit("f", 16);
  broker.stays_alive(broker.client());
  for (int deaths = 0; deaths < 3; ++deaths) dies(broker, broker.join_worker({.slots = 32}));
  broker.join_worker();
  broker.join_worker();
  CHECK(broker.core().job(one)->counts.suspects == 15);
  CHECK(broker.core().job(two)->counts.suspects == 15);
}

TEST_CASE("suspects are queued, and end by cancel and by deadline as others do") {
  BrokerFixture broker;
  JobSpec spec = job_of();
  spec.deadline_ms = 5'000;
  const JobId job = submit_suspects(broker, spec, 4);
  CHECK(broker.core().job(job)->counts.queued() == 4);
  broker.says(broker.client(), Cancel{job, 1, 2});
  CHECK(broker.core().job(job)->counts.suspects == 2);
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=0 [1,2) cancelled [2,3) cancelled");
  broker.advance(5s);
  CHECK(broker.took_message_to(broker.client()) == "outcomes job=1 at=2 [0,1) expired [3,4) expired");
}

TEST_CASE("after a restart of the broker, deaths of before are known, and it is itself none") {
  BrokerFixture broker;
  const JobId job = submit_suspects(broker, job_of(), 4);
  SECTION("they wait") {
    broker.crashes();
    CHECK(broker.core().job(job)->counts.suspects == 4);
    CHECK(state_of(broker, job, 0).deaths == 3);
    CHECK(state_of(broker, job, 0).group == 1);
  }
  SECTION("one runs, on a worker that does not come back") {
    const Peer worker = broker.join_worker();
    broker.started(worker, job, {0, 1}, held_of(broker, job)[0].lease);
    GENERATE(0, 1) == 0 ? broker.crashes() : broker.stops();
    broker.advance(3s);
    CHECK(broker.core().job(job)->counts.suspects == 4);
    CHECK(state_of(broker, job, 0).deaths == 3);
    CHECK(state_of(broker, job, 0).lost == 0);
  }
  SECTION("one runs, on a worker that comes back, and is alone there") {
    const Peer worker = broker.join_worker({.slots = 4});
    broker.started(worker, job, {0, 1}, held_of(broker, job)[0].lease);
    const std::uint64_t lease = held_of(broker, job)[0].lease;
    broker.crashes();
    broker.reconnects(worker, {BrokerFixture::held(job, {0, 1}, lease, true)});
    broker.stays_alive(worker);
    broker.submit(broker.join_client(), job_of(), 4);
    CHECK(broker.took_message_to(worker) == "nothing");
    dies(broker, worker);
    CHECK(broker.core().job(job)->counts.failed[TaskReport::crashed] == 1);
  }
}

TEST_CASE("what may still run of something that was stopped is not alone with its neighbour") {
  BrokerFixture broker;
  const JobId job = submit_suspects(broker, job_of(), 1);
  const Peer busy = broker.join_worker({.functions = {{"g", "()"}}});
  const Peer worker = broker.join_worker({.slots = 2, .functions = {{"g", "()"}}});
  broker.stays_alive(busy);
  broker.stays_alive(worker);
  const Peer both = broker.join_worker({.functions = {{"f", "()"}, {"h", "()"}}});
  broker.stays_alive(both);
  CHECK(held_of(broker, job).size() == 1);
  broker.finishes(both, job, {0, 1}, held_of(broker, job)[0].lease);
  const JobId bad = broker.submit("h", 1);
  CHECK(held_of(broker, bad).size() == 1);
  const JobId good = submit_suspects(broker, job_of(), 1);
  CHECK(broker.core().job(good)->counts.suspects == 1);
  broker.says(broker.client(), Cancel{bad, 0, 0});
  CHECK(held_of(broker, good).size() == 1);  // with the worker that was told to stop
  dies(broker, both);
  CHECK(broker.core().job(good)->counts.suspects == 1);
  CHECK(state_of(broker, good, 0).crashes == 0);
}

TEST_CASE("workers that are killed all the time do not make hand-outs small") {
  BrokerFixture broker;
  const JobId job = broker.submit("f", 5'000);
  broker.stays_alive(broker.client());
  std::uint64_t most_suspects = 0;
  std::size_t hand_outs = 0;
  for (int second = 0; second < 20; ++second) {
    const Peer worker = broker.join_worker({.slots = 4});
    broker.stays_alive(worker);
    for (int turn = 0; turn < 50; ++turn) {  // of ten milliseconds, for four tasks
      const std::vector<Part> held = held_of(broker, job);
      broker.advance(10ms);
      std::uint64_t left = 4;
      for (const Part& each : held) {
        const std::uint64_t count = std::min(left, each.range.size());
        if (count > 0) broker.finishes(worker, job, {each.range.lo, each.range.lo + count}, each.lease, 10ms);
        left -= count;
      }
      hand_outs = std::max(hand_outs, held_of(broker, job).size());
    }
    dies(broker, worker);
    most_suspects = std::max(most_suspects, broker.core().job(job)->counts.suspects);
  }
  CHECK(broker.core().job(job)->counts.values >= 20 * 190);
  CHECK(most_suspects == 0);
  CHECK(hand_outs <= 20);
}
