// What a pool decides, remembers and tells.
#include "tests/unit/cli/pool_fixture.h"

using namespace zonda::cli;
using namespace std::chrono_literals;

TEST_CASE_METHOD(PoolsFixture, "an order outlives the manager, until the file says something new") {
  {
    const auto cpu = pool({0, 4, 30s});
    order = 1, min = 3, max = 3;
    CHECK(turn(*cpu));
    CHECK(cpu->report().at("order") == 1);
  }
  CHECK(pool({0, 4, 30s})->report().at("max") == 3);
  CHECK(pool({0, 5, 30s})->report().at("max") == 5);
}

TEST_CASE_METHOD(PoolsFixture, "workers that go on with settings of before are told of, once") {
  const std::string told_of =
      "the file changed, but not for workers that were started before (2): who is drained is replaced";
  here({"p-1", "p-2"});
  turn(*pool({2, 2, 30s}));
  section = "slots\n4\n";
  {
    const auto changed = pool({2, 2, 30s});
    CHECK(turn(*changed));
    turn(*changed);
    CHECK(log(*changed) == std::vector<std::string>{told_of});
  }
  const auto same = pool({2, 2, 30s});
  turn(*same);
  CHECK(log(*same).size() == 1);
}

TEST_CASE_METHOD(PoolsFixture,
                 "decisions are numbered on from those of a manager before, whose file is lost") {
  const auto cpu = pool({1, 1, 30s});
  decisions = 20;
  turn(*cpu);
  CHECK(cpu->report().at("decisions").at(0).at("number") == 21);
}

TEST_CASE_METHOD(PoolsFixture,
                 "settings that are new are told of, from none on and while workers come back") {
  here({"p-1"});
  section = "";
  turn(*pool({1, 1, 30s}));
  section = "slots\n4\n";
  broker_starts_anew();
  const auto changed = pool({1, 1, 30s});
  turn(*changed);
  CHECK(
      log(*changed) ==
      std::vector<std::string>{
          "the file changed, but not for workers that were started before (1): who is drained is replaced"});
}

TEST_CASE_METHOD(PoolsFixture, "an order that says nothing is none") {
  const auto cpu = pool({0, 4, 30s});
  order = 1, target_wait_ms = 0;
  turn(*cpu);
  CHECK(cpu->report().at("max") == 4);
  CHECK(cpu->report().at("order") == 0);
}

TEST_CASE_METHOD(PoolsFixture, "what is beyond a pool is for the next") {
  const auto first = pool({0, 2, 30s});
  waits(10, 600);
  turn(*first);
  CHECK(left.at(1) == Approx(0.8));
}

TEST_CASE_METHOD(PoolsFixture, "a pool that cannot start any leaves all that is beyond its workers") {
  told.failure = "no luck";
  const auto first = pool({0, 10, 30s});
  waits(10, 600);
  turn_until_started(*first, 10);
  turn_until_none_is_pending(*first);
  left.clear();
  turn(*first);
  CHECK(left.at(1) == Approx(1));
}

TEST_CASE_METHOD(PoolsFixture, "an observed pool keeps its wish for the cooldown, and over a restart") {
  {
    const auto keda = pool({0, 8, 30s}, "none");
    CHECK(turn(*keda));  // the first wish is told at once
    waits(3, 600);
    turn(*keda);
    CHECK(keda->report().at("wanted") == 3);
    demand = Json::array();
    turn_for(*keda, 30s);
    CHECK(keda->report().at("wanted") == 3);
  }
  const auto again = pool({0, 8, 30s}, "none");
  CHECK(again->report().at("wanted") == 3);
  turn(*again);
  CHECK(again->report().at("wanted") == 3);
  turn_for(*again, 61s);
  CHECK(again->report().at("wanted") == 0);
  CHECK(log(*again).back() == "wanted: 0, before 3");
}
