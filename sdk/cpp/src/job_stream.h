// One job between the thread that iterates over its outcomes and the I/O thread.
#pragma once

#include <zonda/detail/outcome_chunk.h>
#include <zonda/job_id.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "sdk/cpp/src/intake.h"
#include "sdk/cpp/src/job_sink.h"

namespace zonda::detail {

class JobStream final : public JobSink {
 public:
  JobStream(std::shared_ptr<Intake> intake, const JobId& job, bool own);

  // The iterating thread.
  JobId job() const;
  bool is_own() const { return own_; }
  void acknowledge_when_taken() { acknowledge_when_taken_ = true; }  // before attach()
  void open(JobSpec spec, std::shared_ptr<JobStream> self);
  void attach(std::shared_ptr<JobStream> self);
  bool may_append() const;  // without waiting for room
  bool append(std::string_view lengths, std::string&& payloads);
  void close();
  void cancel();
  void leave();
  bool has_news() const { return news_.load(std::memory_order_relaxed); }
  // Moves what arrived to `chunks`, after waiting for something if `wait`. False if that is all there will
  // be.
  bool take(std::vector<OutcomeChunk>& chunks, bool wait);
  const std::optional<TaskReport>& failure() const { return failure_; }  // once take() returned false
  std::uint64_t count() const { return count_; }                         // then, too: tasks that had outcomes

  // The I/O thread.
  void on_accepted(std::uint64_t, bool) override {}
  void on_outcomes(std::uint64_t position, const std::vector<OutcomeRange>& ranges,
                   ArrivedFrame& frame) override;
  void on_same_job(const JobId& existing) override;
  void on_end(const TaskReport* failure, std::uint64_t count) override;
  bool acknowledges_at_once() const override { return !acknowledge_when_taken_; }

 private:
  std::shared_ptr<Intake> intake_;
  const bool own_;
  std::atomic<bool> acknowledge_when_taken_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  JobId job_;
  std::vector<OutcomeChunk> chunks_;
  std::uint64_t position_ = 0;  // in the log, of what arrived
  std::atomic<bool> news_{false};
  bool waiting_ = false;
  bool ended_ = false;
  std::optional<TaskReport> failure_;
  std::uint64_t count_ = 0;
};

// The ranges in the memory of their frame, or in a copy.
std::vector<OutcomeChunk> chunks_of(const std::vector<OutcomeRange>& ranges, ArrivedFrame& frame);

}  // namespace zonda::detail
