// One pool of a manager: hears what the broker sees, decides, and has workers started and drained. All of it
// on the manager's thread but for the starts, which may take their time.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/json.h"
#include "cli/pools/launcher.h"
#include "cli/pools/pool_state.h"
#include "cli/pools/scaler.h"

namespace zonda::cli {

double utc_now();

class Pool {
 public:
  struct Outside {
    std::function<void(const std::string&)> say;    // a line for its log
    std::function<void(const std::string&)> drain;  // a worker, by the broker
    std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
    std::function<double()> utc = utc_now;  // seconds since 1970
  };

  // `launcher`: null if the pool is only observed. `file`: its state. Throws Complaint.
  Pool(PoolConfig config, std::unique_ptr<Launcher> launcher, std::string file, Outside outside);
  ~Pool();  // waits for starts that are under way
  Pool(const Pool&) = delete;

  Json report() const;  // for pool.report
  // What the broker answered. `left`: the share of each class of tasks that is beyond the pools before this
  // one; absent: all. What is beyond this one, too, is for those after it. True if there is something to tell
  // soon: an order that was taken, a decision, the first wish.
  bool hear(const Json& answer, std::map<std::uint64_t, double>& left);
  // What has been started, or could not be. A manager that ends waits until nothing is being started, or
  // taken back.
  void collect_starts();
  bool is_busy() const { return !starts_.empty() || !cancels_.empty(); }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  void take_order(const Json& answer);
  void note_workers(const Json& answer);
  void pause_starts(const std::string& wrong);
  void note_settings();
  void give_up(std::vector<std::string> names, const std::string& why);
  std::vector<std::string> overdue();
  void ask_who_is_awaited();
  bool is_own(const std::string& worker) const { return !launcher_ || launcher_->is_own(worker); }
  PoolView view_of(const Json& answer, const std::map<std::uint64_t, double>& left) const;
  void leave_rest(const PoolView& view, const ScaleDecision& decision,
                  std::map<std::uint64_t, double>& left) const;
  bool may_start() const;
  void carry_out(const ScaleDecision& decision, const PoolView& view);
  std::vector<std::string> free_names(std::uint64_t count, const PoolView& view) const;
  void take_back(std::uint64_t count);
  void cancel(std::vector<std::string> names);
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
  std::uint64_t told_ = 0;  // decisions the broker has
  bool has_heard_ = false;  // what is wanted is of now
  std::set<std::string> to_start_;
  std::map<std::string, std::future<std::string>> starts_;  // what went wrong; empty: nothing
  struct Cancel {
    std::vector<std::string> names;  // nobody may be called so meanwhile
    std::future<void> done;
  };
  std::vector<Cancel> cancels_;
  std::map<std::string, SteadyTime> failed_;  // names whose start did, lately: others are tried first
  struct Awaited {
    std::map<std::string, double> of;  // those that were asked about, and when they were started
    std::future<std::optional<std::set<std::string>>> names;
  };
  std::optional<Awaited> awaited_;
  SteadyTime ask_at_{};
  std::uint64_t failures_ = 0;  // in a row
  SteadyTime not_before_;       // for the next start
  bool full_ = false;           // there was no place for all of them
};

}  // namespace zonda::cli
