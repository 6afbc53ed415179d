// What is to be done when. Who set a timer looks, when it fires, whether it still matters; those that may be
// years away are erased with what they are about.
#pragma once

#include <zonda/job_id.h>

#include <map>
#include <optional>

#include "broker/core/clock.h"
#include "broker/core/segments.h"

namespace zonda {

struct Timer {
  enum class Kind : std::uint8_t {
    Session,     // number: is it silent?
    WorkerAway,  // number: did it come back?
    ClientAway,  // peer (in job)
    Unclaimed,   // peer (in job), number: did it open its jobs again in this session?
    TaskDue,     // job, range: tasks that wait to be tried again become ready
    Delay,       // job: its oldest batch that is delayed becomes ready
    Deadline,    // job: tasks of its oldest open batch that are not done expire
    Forget,      // job: its outcomes are not kept any longer
    Unread,      // job: readers of before the start that are not back will not come
    Recovery,    // workers of before the start that are not back will not come
  };
  Kind kind = Kind::Session;
  std::uint64_t number = 0;
  JobId job;
  IndexRange range;
};

class Timers {
 public:
  using Handle = std::multimap<TimePoint, Timer>::iterator;  // of a timer that has not fired

  Handle set(TimePoint at, Timer timer) { return timers_.emplace(at, timer); }
  void erase(Handle timer) { timers_.erase(timer); }
  std::size_t size() const { return timers_.size(); }
  std::optional<TimePoint> next() const {
    return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first);
  }
  // When a task that waits to be tried again becomes ready. Walks all timers: for questions of people.
  std::optional<TimePoint> due(const JobId& job, std::uint64_t index) const {
    for (const auto& [at, timer] : timers_) {
      const bool its_own = timer.kind == Timer::Kind::TaskDue && timer.job == job &&
                           timer.range.lo <= index && index < timer.range.hi;
      if (its_own) return at;
    }
    return std::nullopt;
  }
  // Takes the next timer that is due.
  std::optional<Timer> take_due(TimePoint now) {
    if (timers_.empty() || timers_.begin()->first > now) return std::nullopt;
    const Timer timer = timers_.begin()->second;
    timers_.erase(timers_.begin());
    return timer;
  }

 private:
  std::multimap<TimePoint, Timer> timers_;
};

}  // namespace zonda
