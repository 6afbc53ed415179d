// How a pool's workers are started, awaited, given up and taken back.
#include "tests/unit/cli/pool_fixture.h"

using namespace zonda::cli;
using namespace std::chrono_literals;

TEST_CASE_METHOD(PoolsFixture,
                 "more than can be started at once are started one after the other, and decided once") {
  const auto cpu = pool({40, 40, 30s});
  turn_until_started(*cpu, 40);
  CHECK(log(*cpu) == std::vector<std::string>{"+40: at least 40"});
  CHECK(cpu->report().at("pending") == 40);
}

TEST_CASE_METHOD(PoolsFixture, "what was not begun when the manager ended is begun by the next") {
  {
    const auto cpu = pool({40, 40, 30s});
    turn(*cpu);
  }
  const std::size_t before = started();
  CHECK(before < 40);
  const auto again = pool({40, 40, 30s});
  turn_until_started(*again, 40);
}

TEST_CASE_METHOD(PoolsFixture,
                 "failures of one turn make the pause longer once, and end what has not begun") {
  told.failure = "no luck";
  const auto cpu = pool({40, 40, 30s});
  turn_until_started(*cpu, 16);
  turn_until_none_is_pending(*cpu);
  const std::size_t tried = started();
  CHECK(tried < 40);
  const std::string note = cpu->report().at("note");
  CHECK(note.starts_with("not started: p-"));
  wait(4s);
  turn(*cpu);
  CHECK(started() == tried);  // it waits
}

TEST_CASE_METHOD(PoolsFixture, "a worker that does not come is given up and taken back") {
  const auto cpu = pool({1, 1, 30s});
  turn_until_started(*cpu, 1);
  turn_until_idle(*cpu);
  wait(59s);
  turn(*cpu);
  CHECK(started() == 1);
  wait(2s);
  {
    const NoCancels slow(told);
    turn(*cpu);
    CHECK(log(*cpu).back() == "given up: p-1 did not come within 1m; next try in 5s");
    wait(4s);
    turn(*cpu);
    CHECK(started() == 1);
    wait(1s);
    turn_until_started(*cpu, 2);
  }
  turn_until_cancelled(*cpu);
  const std::lock_guard lock(told.mutex);
  CHECK(told.cancelled == std::vector<std::string>{"p-1"});
  CHECK(told.started ==
        std::vector<std::string>{"p-1", "p-2"});  // the name is not free before it is taken back
}

TEST_CASE_METHOD(PoolsFixture, "with a new broker the workers of before are expected, for a while") {
  const auto cpu = pool({2, 2, 30s});
  here({"p-1", "p-2"});
  turn(*cpu);
  broker_starts_anew();
  turn(*cpu);
  CHECK(cpu->report().at("pending") == 2);
  wait(29s);
  turn(*cpu);
  CHECK(started() == 0);
  wait(3s);
  turn(*cpu);
  wait(5s);
  turn_until_started(*cpu, 2);
}

TEST_CASE_METHOD(PoolsFixture, "after a failure others are tried first, and what failed is taken back") {
  const auto cpu = pool({1, 1, 30s});
  told.failure = "no luck";
  turn_until_started(*cpu, 1);
  turn_until_cancelled(*cpu);
  wait(6s);
  turn_until_started(*cpu, 2);
  const std::lock_guard lock(told.mutex);
  CHECK(told.started == std::vector<std::string>{"p-1", "p-2"});
  CHECK(told.cancelled.front() == "p-1");
}

TEST_CASE_METHOD(PoolsFixture, "where others fail the good ones are not starved") {
  told.places = 3;
  told.failing = {"p-1", "p-2"};
  const auto cpu = pool({2, 2, 30s});
  turn_until_started(*cpu, 2);
  turn_until_none_is_pending(*cpu);
  wait(11s);
  turn_until_started(*cpu, 4);
  const std::lock_guard lock(told.mutex);
  CHECK(std::count(told.started.begin(), told.started.end(), "p-3") == 1);
}

TEST_CASE_METHOD(PoolsFixture, "a start that failed for a worker that is here did not") {
  told.failure = "it runs, and is not connected";
  const auto cpu = pool({1, 1, 30s});
  turn(*cpu);  // it is begun, and not looked after yet
  here({"p-1"});
  turn_until_idle(*cpu);
  CHECK(log(*cpu) == std::vector<std::string>{"+1: at least 1"});
  const std::lock_guard lock(told.mutex);
  CHECK(told.cancelled.empty());
}

TEST_CASE_METHOD(PoolsFixture, "who is to come back has its time over a restart of the manager") {
  here({"p-1"});
  turn(*pool({1, 1, 30s}));
  broker_starts_anew();
  turn(*pool({1, 1, 30s}));
  wait(31s);
  const auto again = pool({1, 1, 30s});
  turn(*again);
  CHECK(log(*again).front() == "given up: p-1 did not come back within 30s");
}

TEST_CASE_METHOD(PoolsFixture, "what others started is not expected back, and not taken back") {
  const auto cpu = pool({0, 9, 30s});
  here({"p-1", "--all", "p-x", "p-", "etl"});
  turn(*cpu);
  broker_starts_anew();
  turn(*cpu);
  CHECK(cpu->report().at("pending") == 1);
  wait(31s);
  turn(*cpu);
  CHECK(log(*cpu) == std::vector<std::string>{"given up: p-1 did not come back within 30s"});
  turn_until_cancelled(*cpu);
  const std::lock_guard lock(told.mutex);
  CHECK(told.cancelled == std::vector<std::string>{"p-1"});
}

TEST_CASE_METHOD(PoolsFixture, "what nobody knows any more is given up before its time") {
  told.awaited = {"p-1"};
  const auto cpu = pool({2, 2, 30s});
  turn_until_started(*cpu, 2);
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (cpu->report().at("pending") != 1 && std::chrono::steady_clock::now() < end) {
    now += 1ms;
    turn(*cpu);
  }
  CHECK(cpu->report().at("pending") == 1);
  CHECK(log(*cpu).back() == "given up: p-2 ended before it was here; next try in 5s");
  turn_until_cancelled(*cpu);
  const std::lock_guard lock(told.mutex);
  CHECK(told.cancelled == std::vector<std::string>{"p-2"});
}
