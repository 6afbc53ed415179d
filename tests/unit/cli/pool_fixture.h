// A pool with a clock and a launcher of the test's: what it starts, gives up, remembers and tells.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "cli/pools/pool.h"
#include "tests/temp_directory.h"

namespace zonda::cli {

// Starts at once, and fails if it is told to.
struct FakeLauncher final : Launcher {
  struct Told {
    std::mutex mutex;
    std::vector<std::string> started, cancelled;
    std::string failure;
    std::set<std::string> failing;  // the same, of these alone
    std::size_t places = 1'000;
    std::optional<std::set<std::string>> awaited;
    bool is_slow = false;  // what is taken back
    std::condition_variable may_cancel;
  };
  explicit FakeLauncher(Told& told_) : Launcher("p"), told(told_) {}
  std::vector<std::string> free_names(std::uint64_t count,
                                      const std::set<std::string>& taken) const override {
    std::vector<std::string> names = Launcher::free_names(told.places, {});
    std::erase_if(names, [&](const std::string& name) { return taken.contains(name); });
    names.resize(std::min<std::size_t>(count, names.size()));
    return names;
  }
  void start(const std::string& name) override {
    const std::lock_guard lock(told.mutex);
    told.started.push_back(name);
    if (!told.failure.empty()) throw std::runtime_error(told.failure);
    if (told.failing.contains(name)) throw std::runtime_error("gone");
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
  std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
  double utc = 1'000;
  std::vector<std::string> drained;
  std::uint64_t decisions = 0, epoch = 7, order = 0;
  std::uint64_t min = 0, max = 0;
  std::string section = "slots\n1\n";
  int target_wait_ms = 30'000;
  Json workers = Json::array(), demand = Json::array();
  std::map<std::uint64_t, double> left;

  // As long as it lives, nothing is taken back.
  class NoCancels {
   public:
    explicit NoCancels(FakeLauncher::Told& told) : told_(told) { set(true); }
    ~NoCancels() { set(false); }
    NoCancels(const NoCancels&) = delete;
    NoCancels& operator=(const NoCancels&) = delete;

   private:
    void set(bool is_slow) {
      const std::lock_guard lock(told_.mutex);
      told_.is_slow = is_slow;
      told_.may_cancel.notify_all();
    }
    FakeLauncher::Told& told_;
  };

  std::unique_ptr<Pool> pool(PoolSize size, const std::string& launcher = "fake") {
    PoolConfig config;
    config.name = "p";
    config.launcher = launcher;
    config.section = section;
    config.size = size;
    config.start_timeout = std::chrono::seconds(60);
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
  void broker_starts_anew() {
    ++epoch;
    here({});
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
    for (; time > std::chrono::seconds(0); time -= std::chrono::seconds(1)) {
      wait(std::chrono::seconds(1));
      turn(pool);
    }
  }
  std::size_t started() {
    const std::lock_guard lock(told.mutex);
    return told.started.size();
  }
  // Turns until so many were started: they are, on threads of their own.
  void turn_until_started(Pool& pool, std::size_t count) {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
         started() < count && std::chrono::steady_clock::now() < end;)
      turn(pool);
    REQUIRE(started() == count);
  }
  void turn_until_idle(Pool& pool) {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
         pool.is_busy() && std::chrono::steady_clock::now() < end;)
      turn(pool);
    REQUIRE_FALSE(pool.is_busy());
  }
  void turn_until_none_is_pending(Pool& pool) {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
         pool.report().at("pending") != 0 && std::chrono::steady_clock::now() < end;)
      turn(pool);
    REQUIRE(pool.report().at("pending") == 0);
  }
  void turn_until_cancelled(Pool& pool) {
    const auto is_done = [this] {
      const std::lock_guard lock(told.mutex);
      return !told.cancelled.empty();
    };
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
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

}  // namespace zonda::cli
