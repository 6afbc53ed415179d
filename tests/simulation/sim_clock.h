// Virtual time: events in order, none of them ever waited for.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace zonda::sim {

using TimePoint = std::chrono::steady_clock::time_point;
using std::chrono::microseconds;

class SimClock {
 public:
  TimePoint now() const { return now_; }
  void at(TimePoint when, std::function<void()> what) {
    events_.emplace(std::pair(std::max(when, now_), ++last_), std::move(what));
  }
  void after(microseconds delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }

  // Runs the next event. False if there is none before `end`.
  bool step(TimePoint end) {
    if (events_.empty() || events_.begin()->first.first > end) {
      now_ = std::max(now_, end);
      return false;
    }
    auto node = events_.extract(events_.begin());
    now_ = node.key().first;
    node.mapped()();
    return true;
  }

 private:
  TimePoint now_{std::chrono::hours(1)};
  std::map<std::pair<TimePoint, std::uint64_t>, std::function<void()>> events_;
  std::uint64_t last_ = 0;
};

}  // namespace zonda::sim
