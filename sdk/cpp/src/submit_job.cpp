#include "sdk/cpp/src/submit_job.h"

#include <utility>

#include "proto/report.h"
#include "sdk/cpp/src/intake.h"
#include "sdk/cpp/src/task_reports.h"

namespace zonda {

void SubmitJob::adopt(std::vector<std::shared_ptr<detail::TaskState>> tasks) {
  for (std::shared_ptr<detail::TaskState>& task : tasks) {
    if (end_) task->resolve(end_->kind, end_->payload);
    tasks_.push_back(end_ ? nullptr : std::move(task));
  }
}

void SubmitJob::on_accepted(std::uint64_t count, bool) {
  ticket_->set_accepted(count);
  ticket_->intake().accepted(*this, count);
}

void SubmitJob::resolve(std::uint64_t index, std::uint8_t kind, std::string_view payload) {
  if (index >= tasks_.size()) return;
  if (const std::shared_ptr<detail::TaskState> task = std::move(tasks_[index])) task->resolve(kind, payload);
}

void SubmitJob::on_outcomes(std::uint64_t, const std::vector<OutcomeRange>& ranges, ArrivedFrame&) {
  for (const OutcomeRange& range : ranges) {
    for_each_value(range.outcomes, [&](std::uint32_t at, std::string_view payload) {
      const char kind = range.kinds.empty() ? '\0' : range.kinds[at];
      resolve(range.first + at, static_cast<std::uint8_t>(kind), payload);
    });
  }
}

void SubmitJob::on_progress(const JobProgress& progress) {
  if (progress.index >= tasks_.size() || !tasks_[progress.index]) return;
  tasks_[progress.index]->say_progress({progress.done, progress.total, progress.text});
}

void SubmitJob::on_end(const TaskReport* failure, std::uint64_t) {
  if (failure != nullptr)
    end_ = End{failure->kind, encode_report(*failure)};
  else
    end_ = End{TaskReport::cancelled, {}};
  ticket_->intake().retire(*this);
  ticket_->end();
  for (std::uint64_t index = 0; index < tasks_.size(); ++index) resolve(index, end_->kind, end_->payload);
}

}  // namespace zonda
