#include "sdk/cpp/src/job_ticket.h"

#include <utility>

#include "sdk/cpp/src/intake.h"

namespace zonda::detail {

JobTicket::JobTicket(const JobId& job, std::shared_ptr<Intake> intake)
    : intake_(std::move(intake)), job_(job) {}

JobId JobTicket::id() const {
  const std::lock_guard lock(mutex_);
  return job_;
}

bool JobTicket::wait_accepted(std::uint64_t index, const Deadline& deadline) const {
  std::unique_lock lock(mutex_);
  const auto known = [&] { return accepted_ > index || ended_; };
  if (deadline)
    changed_.wait_until(lock, *deadline, known);
  else
    changed_.wait(lock, known);
  return accepted_ > index;
}

void JobTicket::set_id(const JobId& job) {
  const std::lock_guard lock(mutex_);
  job_ = job;
}

void JobTicket::set_accepted(std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  if (count <= accepted_) return;
  accepted_ = count;
  changed_.notify_all();
}

void JobTicket::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

}  // namespace zonda::detail
