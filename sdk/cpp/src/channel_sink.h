// The events of one job, queued for the tool's thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "sdk/cpp/src/client_access.h"
#include "sdk/cpp/src/job_sink.h"

namespace zonda::detail {

class ChannelSink final : public JobSink {
 public:
  using Until = std::chrono::steady_clock::time_point;

  explicit ChannelSink(const JobId& job, std::uint64_t position) : job_(job), position_(position) {}

  JobId job() const;
  std::uint64_t accepted() const;
  std::optional<std::uint64_t> count() const;
  std::optional<JobEvent> next(Until until);
  void interrupt();
  bool wait_accepted(std::uint64_t appended, bool closed, Until until);
  // The position in the log up to which outcomes were taken, if that is worth telling.
  std::optional<std::uint64_t> position_to_acknowledge();

  void on_accepted(std::uint64_t count, bool closed) override;
  void on_outcomes(std::uint64_t position, const std::vector<OutcomeRange>& ranges,
                   ArrivedFrame& frame) override;
  void on_progress(const JobProgress& progress) override;
  void on_output(const JobOutput& output) override;
  void on_same_job(const JobId& existing) override;
  void on_end(const TaskReport* failure, std::uint64_t count) override;
  bool acknowledges_at_once() const override { return false; }

 private:
  void add(JobEvent event);  // with the lock

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  JobId job_;
  std::deque<JobEvent> events_;
  std::uint64_t position_;  // of outcomes that were taken
  std::uint64_t acknowledged_ = 0;
  std::uint64_t accepted_ = 0;
  std::optional<std::uint64_t> count_;
  bool ended_ = false;
  bool failed_ = false;
  bool interrupted_ = false;
};

}  // namespace zonda::detail
