// A job whose tasks are futures. What it is told goes to them.
#pragma once

#include <zonda/detail/task_state.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sdk/cpp/src/job_sink.h"
#include "sdk/cpp/src/job_ticket.h"

namespace zonda {

class SubmitJob final : public JobSink {
 public:
  explicit SubmitJob(std::shared_ptr<detail::JobTicket> ticket) : ticket_(std::move(ticket)) {}

  const std::shared_ptr<detail::JobTicket>& ticket() const { return ticket_; }

  // The next tasks. On the I/O thread, like all that follows.
  void adopt(std::vector<std::shared_ptr<detail::TaskState>> tasks);

  void on_accepted(std::uint64_t count, bool closed) override;
  void on_outcomes(std::uint64_t position, const std::vector<OutcomeRange>& ranges,
                   ArrivedFrame& frame) override;
  void on_progress(const JobProgress& progress) override;
  void on_same_job(const JobId& existing) override { ticket_->set_id(existing); }
  void on_end(const TaskReport* failure, std::uint64_t count) override;

 private:
  struct End {
    std::uint8_t kind = 0;
    std::string payload;
  };

  void resolve(std::uint64_t index, std::uint8_t kind, std::string_view payload);

  std::shared_ptr<detail::JobTicket> ticket_;
  std::vector<std::shared_ptr<detail::TaskState>> tasks_;  // by index; null once ready
  std::optional<End> end_;                                 // what tasks get that come too late
};

}  // namespace zonda
