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
    events_.emplace(std::pair(std::max(when, now_), ++last_), Event{owner_, std::move(what)});
  }
  void after(microseconds delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }

  // Runs the next event. False if there is none before `end`.
  bool step(TimePoint end) {
    if (events_.empty() || next() > end) {
      now_ = std::max(now_, end);
      return false;
    }
    auto node = events_.extract(events_.begin());
    now_ = node.key().first;
    owner_ = node.mapped().owner;
    node.mapped().what();
    return true;
  }
  TimePoint next() const { return events_.empty() ? TimePoint::max() : events_.begin()->first.first; }

  // Whose event it is: whoever runs when it is made, and its owner runs when it happens.
  void set_owner(std::uint64_t owner) { owner_ = owner; }
  std::uint64_t owner_of_next() const { return events_.begin()->second.owner; }
  template <class F>
  void for_each(F&& f) const {  // f(when, owner), in order
    for (const auto& [key, event] : events_) f(key.first, event.owner);
  }

 private:
  struct Event {
    std::uint64_t owner = 0;
    std::function<void()> what;
  };

  TimePoint now_{std::chrono::hours(1)};
  std::map<std::pair<TimePoint, std::uint64_t>, Event> events_;
  std::uint64_t last_ = 0;
  std::uint64_t owner_ = 0;
};

}  // namespace zonda::sim
