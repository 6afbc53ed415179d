// One pool of a manager: hears what the broker sees, decides, and has workers started and drained. All of it
// on the manager's thread but for the starts, which may take their time.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/json.h"
#include "cli/pools/launcher.h"
#include "cli/pools/pool_state.h"
#include "cli/pools/scaler.h"

namespace zonda::cli {

class Pool {
 public:
  struct Outside {
    std::function<void(const std::string&)> say;    // a line for its log
    std::function<void(const std::string&)> drain;  // a worker, by the broker
  };

  // Throws Complaint.
  Pool(PoolConfig config, const WorkersGet& get, Outside outside);
  ~Pool();  // waits for starts that are under way
  Pool(const Pool&) = delete;

  const std::string& name() const { return config_.name; }

  Json report() const;  // for pool.report
  // What the broker answered. `taken`: how many tasks of each class pools before this one see to; this one
  // adds its own. True if there is something to tell soon: an order that was taken, a decision.
  bool hear(const Json& answer, std::map<std::uint64_t, double>& taken);

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  void take_order(const Json& answer);
  void note_workers(const Json& answer);
  void collect_starts();
  PoolView view_of(const Json& answer, std::map<std::uint64_t, double>& taken) const;
  void carry_out(const ScaleDecision& decision, const PoolView& view);
  std::vector<std::string> free_names(std::uint64_t count, const PoolView& view) const;
  void cancel(std::uint64_t count);
  void go_on_starting();
  void decided(const std::string& text);
  void keep();  // the state, if it changed

  PoolConfig config_;
  std::unique_ptr<Launcher> launcher_;  // null: the pool is only observed
  Outside outside_;
  std::string file_;
  PoolState state_;
  PoolState kept_;
  Scaler scaler_;
  std::string note_;
  std::uint64_t wanted_ = 0;
  std::uint64_t told_ = 0;  // decisions the broker has
  std::deque<std::string> to_start_;
  std::map<std::string, std::future<std::string>> starts_;  // what went wrong; empty: nothing
  std::uint64_t failures_ = 0;                              // in a row
  SteadyTime not_before_;                                   // for the next start
  bool full_ = false;                                       // there was no place for all of them
};

}  // namespace zonda::cli
