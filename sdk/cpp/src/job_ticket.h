// What the tasks of one job have in common, as their futures see it. Thread-safe.
#pragma once

#include <zonda/detail/task_state.h>
#include <zonda/job_id.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

namespace zonda {

class Intake;

}

namespace zonda::detail {

class JobTicket {
 public:
  JobTicket(const JobId& job, std::shared_ptr<Intake> intake);

  JobId id() const;
  Intake& intake() const { return *intake_; }
  bool wait_accepted(std::uint64_t index, const Deadline& deadline) const;

  // The client's side.
  void set_id(const JobId& job);
  void set_accepted(std::uint64_t count);
  void end();  // nothing more will be accepted

 private:
  std::shared_ptr<Intake> intake_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  JobId job_;
  std::uint64_t accepted_ = 0;
  bool ended_ = false;
};

}  // namespace zonda::detail
