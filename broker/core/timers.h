// What is to be done when. Timers are not cancelled: who set one looks, when it fires, whether it still
// matters.
#pragma once

#include <zonda/job_id.h>

#include <map>
#include <optional>

#include "broker/core/segments.h"

namespace zonda {

struct Timer {
  enum class Kind : std::uint8_t {
    Session,     // number: is it silent?
    WorkerAway,  // number: did it come back?
    ClientAway,  // peer (in job)
    TaskDue,     // job, range: delayed tasks become ready
    Deadline,    // job, range: tasks that are not done expire
    Forget,      // job: its outcomes are not kept any longer
  };
  Kind kind = Kind::Session;
  std::uint64_t number = 0;
  JobId job;
  IndexRange range;
};

class Timers {
 public:
  void set(TimePoint at, Timer timer) { timers_.emplace(at, timer); }
  std::optional<TimePoint> next() const {
    return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first);
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
