// Where the outcomes of one job go: futures, an iteration, or the command line tool. Called on the client's
// I/O thread only; must not block.
#pragma once

#include <zonda/task_report.h>

#include <cstdint>
#include <vector>

#include "proto/arrived_frame.h"
#include "proto/messages.h"

namespace zonda {

class JobSink {
 public:
  virtual ~JobSink() = default;

  virtual void on_accepted(std::uint64_t count, bool closed) = 0;
  // The log of outcomes from `position` on. Views end with the call, or with the memory of `frame`.
  virtual void on_outcomes(std::uint64_t position, const std::vector<OutcomeRange>& ranges,
                           ArrivedFrame& frame) = 0;
  virtual void on_progress(const JobProgress&) {}
  virtual void on_output(const JobOutput&) {}
  virtual void on_same_job(const JobId&) {}  // what it reads is this job from now on
  // Nothing comes after it. Without a failure, the tasks before `count` have had their outcomes; if it had
  // more, they are cancelled.
  virtual void on_end(const TaskReport* failure, std::uint64_t count) = 0;

  // True: what it got is safe with it at once. False: it says so by an AckOrder.
  virtual bool acknowledges_at_once() const { return true; }
};

}  // namespace zonda
