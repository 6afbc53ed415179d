// One broker process after another on one disk: the real core and the loop's rule that nothing is said before
// it is remembered.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "broker/core/broker_core.h"
#include "tests/simulation/coverage.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/network.h"
#include "tests/simulation/sim_store.h"

namespace zonda::sim {

class SimBroker {
 public:
  SimBroker(SimClock& clock, Network& network, std::mt19937_64& random, Ledger& ledger, BrokerConfig config);

  void hears(Connection from, std::string_view frame);
  void set_turn_every(microseconds most) { turn_every_ = most; }  // frames wait so long for its next turn
  void stall(microseconds time) { stalled_until_ = clock_.now() + time; }
  void crash(microseconds downtime);
  void set_back(microseconds downtime);  // a crash, and then it starts on its backup  // kill -9, and a new
                                         // one on the same disk after a while
  void crash(microseconds downtime, std::size_t kept);  // so many commits that were under way are on it
  void stop(microseconds downtime);                     // SIGTERM
  void disk_fails(microseconds downtime);
  SimStore& store() { return store_; }

  bool is_up() const { return core_ != nullptr; }
  BrokerState state() const;
  std::uint64_t attached_jobs() const { return core_ == nullptr ? 0 : core_->attached_jobs(); }
  std::string check() const { return core_ == nullptr ? std::string() : core_->check(); }
  std::uint64_t trace() const { return trace_; }  // digest of everything that was said and when
  std::uint64_t starts() const { return config_.epoch; }

 private:
  struct Held {
    std::uint64_t commit = 0;
    std::vector<Effects::Outgoing> frames;
  };

  void start();
  void go_down(microseconds downtime, std::optional<std::size_t> kept = {});
  void turn_later();
  void turn();
  template <class F>
  static void for_each_hand_out(const Effects::Outgoing& outgoing, F&& f);
  void remember(Effects& effects);
  void speak();
  void say(Effects::Outgoing& outgoing);
  void wake();
  Now now() const;

  SimClock& clock_;
  Network& network_;
  std::mt19937_64& random_;
  Ledger& ledger_;
  BrokerConfig config_;
  SimStore store_;
  std::unique_ptr<BrokerCore> core_;                       // null while it is down
  std::uint64_t life_ = 0;                                 // events of an earlier process mean nothing
  std::vector<std::pair<Connection, std::string>> inbox_;  // frames that its next turn reads
  std::vector<Connection> gone_;                           // connections that it found to be gone
  std::deque<Held> held_;
  microseconds turn_every_{400};
  bool turn_is_due_ = false;
  bool stopping_ = false;
  microseconds downtime_{0};
  microseconds downtime_after_failure_{0};
  TimePoint stalled_until_{};
  TimePoint next_wake_ = TimePoint::max();
  std::uint64_t trace_ = 0;
  std::uint64_t turns_ = 0;
};

}  // namespace zonda::sim
