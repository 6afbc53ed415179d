// A pool with a clock and a launcher of the test's: what it starts, gives up, remembers and tells.
#include "cli/pools/pool.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "tests/temp_directory.h"

using namespace zonda::cli;
using zonda::TempDirectory;
using namespace std::chrono_literals;

namespace {

// Starts at once, and fails if it is told to.
struct FakeLauncher final : Launcher {
  struct Told {
    std::mutex mutex;
    std::vector<std::string> started, cancelled;
    std::string failure;
    std::optional<std::set<std::string>> awaited;
    bool is_slow = false;  // what is taken back
    std::condition_variable may_cancel;
  };
  explicit FakeLauncher(Told& told_) : Launcher("p"), told(told_) {}
  void start(const std::string& name) override {
    const std::lock_guard lock(told.mutex);
    told.started.push_back(name);
    if (!told.failure.empty()) throw std::runtime_error(told.failure);
  }
  void cancel(const std::string& name) override {
    std::unique_lock lock(told.mutex);
    told.may_cancel.wait(lock, [this] { return !told.is_slow; });
    told.cancelled.push_back(name);
  }
  std::optional<std::set<std::string>> awaited() override {
    const std::lock_guard lock(told.mutex);
    return told.awaited;
  }
  Told& told;
};

struct PoolsFixture {
  TempDirectory directory;
  FakeLauncher::Told told;
  std::chrono::steady_clock::time_point now{1h};
  double utc = 1'000;
  std::vector<std::string> drained;
  std::uint64_t decisions = 0, epoch = 7, order = 0;
  std::uint64_t min = 0, max = 0;
  std::string section = "slots\n1\n";
  int target_wait_ms = 30'000;
  Json workers = Json::array(), demand = Json::array();
  std::map<std::uint64_t, double> left;

  ~PoolsFixture() {
    const std::lock_guard lock(told.mutex);
    told.is_slow = false;
    told.may_cancel.notify_all();
  }

  std::unique_ptr<Pool> pool(PoolSize size, const std::string& launcher = "fake") {
    PoolConfig config;
    config.name = "p";
    config.launcher = launcher;
    config.section = section;
    config.size = size;
    config.start_timeout = 60s;
    std::unique_ptr<Launcher> starts;
    if (launcher != "none") starts = std::make_unique<FakeLauncher>(told);
    Pool::Outside outside{[](const std::string&) {},
                          [this](const std::string& name) { drained.push_back(name); }};
    outside.now = [this] { return now; };
    outside.utc = [this] { return utc; };
    return std::make_unique<Pool>(config, std::move(starts), directory.path() + "/p.json",
                                  std::move(outside));
  }
  void wait(std::chrono::seconds time) {
    now += time;
    utc += static_cast<double>(time.count());
  }
  void here(const std::vector<std::string>& names) {
    workers = Json::array();
    for (const std::string& name : names)
      workers.push_back({{"worker", name}, {"load", 0.0}, {"held", 0}, {"leaving", false}});
  }
  void waits(double queued, double seconds, std::uint64_t running = 0, double stalled = 0) {
    demand = Json::array({{{"class", 1},
                           {"function", "f"},
                           {"queued", queued},
                           {"running", running},
                           {"task_seconds", seconds},
                           {"stalled_seconds", stalled},
                           {"at_once", 1},
                           {"other_slots", 0}}});
  }
  bool turn(Pool& pool) {
    Json answer{{"pool", "p"},
                {"epoch", epoch},
                {"order", order},
                {"min", min},
                {"max", max},
                {"target_wait_ms", target_wait_ms},
                {"decisions", decisions},
                {"workers", workers},
                {"demand", demand},
                {"functions", Json::array()}};
    return pool.hear(answer, left);
  }
  void turn_for(Pool& pool, std::chrono::seconds time) {
    for (; time > 0s; time -= 1s) {
      wait(1s);
      turn(pool);
    }
  }
  std::size_t started() {
    const std::lock_guard lock(told.mutex);
    return told.started.size();
  }
  // Turns until so many were started: they are, on threads of their own.
  void turn_until_started(Pool& pool, std::size_t count) {
    for (const auto end = std::chrono::steady_clock::now() + 30s;
         started() < count && std::chrono::steady_clock::now() < end;)
      turn(pool);
    REQUIRE(started() == count);
  }
  void turn_until_cancelled(Pool& pool) {
    const auto is_done = [this] {
      const std::lock_guard lock(told.mutex);
      return !told.cancelled.empty();
    };
    for (const auto end = std::chrono::steady_clock::now() + 30s;
         !is_done() && std::chrono::steady_clock::now() < end;)
      turn(pool);
  }
  static std::vector<std::string> log(const Pool& pool) {
    std::vector<std::string> texts;
    const Json report = pool.report();
    for (const Json& each : report.at("decisions")) texts.push_back(each.at("text"));
    return texts;
  }
};

}  // namespace

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
  for (const auto end = std::chrono::steady_clock::now() + 30s;
       cpu->report().at("pending") != 0 && std::chrono::steady_clock::now() < end;)
    turn(*cpu);
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
  wait(59s);
  turn(*cpu);
  CHECK(started() == 1);
  wait(2s);
  {
    const std::lock_guard lock(told.mutex);
    told.is_slow = true;
  }
  turn(*cpu);
  CHECK(log(*cpu).back() == "given up: p-1 did not come within 1m; next try in 5s");
  wait(4s);
  turn(*cpu);
  CHECK(started() == 1);
  wait(1s);
  turn_until_started(*cpu, 2);
  std::unique_lock lock(told.mutex);
  told.is_slow = false;
  told.may_cancel.notify_all();
  lock.unlock();
  turn_until_cancelled(*cpu);
  lock.lock();
  CHECK(told.cancelled == std::vector<std::string>{"p-1"});
  CHECK(told.started ==
        std::vector<std::string>{"p-1", "p-2"});  // the name is not free before it is taken back
}

TEST_CASE_METHOD(PoolsFixture, "with a new broker the workers of before are expected, for a while") {
  const auto cpu = pool({2, 2, 30s});
  here({"p-1", "p-2"});
  turn(*cpu);
  epoch = 8;
  here({});
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
  here({});
  epoch = 8;
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

TEST_CASE_METHOD(PoolsFixture, "what others started is not expected back, and not taken back") {
  const auto cpu = pool({0, 9, 30s});
  here({"p-1", "--all", "p-x", "p-", "etl"});
  turn(*cpu);
  epoch = 8;
  here({});
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
  for (const auto end = std::chrono::steady_clock::now() + 30s;
       first->report().at("pending") != 0 && std::chrono::steady_clock::now() < end;)
    turn(*first);
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
