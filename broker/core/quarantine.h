// Tasks that saw several workers die with them aboard, so that one of them may be why. They are queued apart
// from the others, and what is next is found without looking at any of those.
//
// A death of a whole worker blames nobody, but what it held together is handed out in halves from then on.
// From the third death on a group runs alone: on a worker that holds nothing else. If that dies, too, the
// group is halved again, until a single task is left that can be charged; groups without the guilty one just
// end. A worker without work is taken at once; if there is none, one of those that fit is set apart after a
// moment, and no more than one of a class at a time, for half of the time, so that all others go on as
// before.
#pragma once

#include <cstdint>

#include "broker/core/ready_queue.h"

namespace zonda {

class Quarantine {
 public:
  std::uint64_t tasks() const { return tasks_; }

  // A job's suspects grew or shrank by so many. Called with every change of its segments.
  void grew(Job& job, std::uint64_t tasks);
  void shrank(Job& job, std::uint64_t tasks);

  // The job whose turn it is. Only for a class with suspects.
  static Job& first(ReadyClass& ready_class) { return *ready_class.ward.jobs.begin()->second; }
  // Others of its class are next.
  void served(Job& job);

 private:
  void line_up(Job& job);

  std::uint64_t tasks_ = 0;
  std::uint64_t last_turn_ = 0;
};

}  // namespace zonda
