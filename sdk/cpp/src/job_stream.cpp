#include "sdk/cpp/src/job_stream.h"

#include <cstring>
#include <iterator>
#include <utility>

#include "sdk/cpp/src/task_reports.h"

namespace zonda::detail {

std::vector<OutcomeChunk> chunks_of(const std::vector<OutcomeRange>& ranges, ArrivedFrame& frame) {
  std::vector<OutcomeChunk> chunks;
  chunks.reserve(ranges.size());
  std::size_t size = 0;
  bool in_frame = true;
  for (const OutcomeRange& range : ranges) {
    size += range.kinds.size() + range.outcomes.lengths.size() + range.outcomes.payloads.size();
    in_frame = in_frame && frame.holds(range.outcomes.payloads);
  }
  if (Slab slab = in_frame ? frame.give_up(size) : Slab(); slab.size() > 0) {
    const auto bytes = std::make_shared<const Slab>(std::move(slab));
    for (const OutcomeRange& range : ranges)
      chunks.push_back({range.first, range.outcomes.count(), range.kinds, range.outcomes.lengths,
                        range.outcomes.payloads, bytes});
    return chunks;
  }
  const std::shared_ptr<char[]> bytes = std::make_shared_for_overwrite<char[]>(size);
  std::size_t used = 0;
  const auto keep = [&](std::string_view part) {
    char* to = bytes.get() + used;
    if (!part.empty()) std::memcpy(to, part.data(), part.size());
    used += part.size();
    return std::string_view(to, part.size());
  };
  for (const OutcomeRange& range : ranges) {
    chunks.push_back({range.first, range.outcomes.count(), keep(range.kinds), keep(range.outcomes.lengths),
                      keep(range.outcomes.payloads), bytes});
  }
  return chunks;
}

JobStream::JobStream(std::shared_ptr<Intake> intake, const JobId& job, bool own)
    : intake_(std::move(intake)), own_(own), job_(job) {}

JobId JobStream::job() const {
  const std::lock_guard lock(mutex_);
  return job_;
}

void JobStream::open(JobSpec spec, std::shared_ptr<JobStream> self) {
  if (!intake_->post(OpenOrder{job_, std::move(spec), std::move(self)})) {
    const TaskReport report = client_ended();
    on_end(&report, 0);
  }
}

void JobStream::attach(std::shared_ptr<JobStream> self) {
  if (!intake_->post(AttachOrder{job_, 0, std::move(self)})) {
    const TaskReport report = client_ended();
    on_end(&report, 0);
  }
}

bool JobStream::may_append() const { return intake_->may_append(); }

bool JobStream::append(std::string_view lengths, std::string&& payloads) {
  return intake_->append(job_, lengths, std::move(payloads));
}

void JobStream::close() { intake_->post(CloseOrder{job_}); }
void JobStream::cancel() { intake_->post(CancelOrder{job(), 0, 0}); }
void JobStream::leave() { intake_->post(LeaveOrder{job(), this}); }

bool JobStream::take(std::vector<OutcomeChunk>& chunks, bool wait) {
  std::unique_lock lock(mutex_);
  if (wait) {
    waiting_ = true;
    changed_.wait(lock, [this] { return !chunks_.empty() || ended_; });
    waiting_ = false;
  }
  chunks.insert(chunks.end(), std::make_move_iterator(chunks_.begin()),
                std::make_move_iterator(chunks_.end()));
  const bool some = !chunks_.empty();
  chunks_.clear();
  news_.store(ended_, std::memory_order_relaxed);
  const bool more = some || !ended_;
  if (some && acknowledge_when_taken_ && !ended_) {
    const AckOrder order{job_, position_};
    lock.unlock();
    intake_->post(order);
  }
  return more;
}

void JobStream::on_outcomes(std::uint64_t position, const std::vector<OutcomeRange>& ranges,
                            ArrivedFrame& frame) {
  std::vector<OutcomeChunk> fresh = chunks_of(ranges, frame);
  const std::lock_guard lock(mutex_);
  for (OutcomeChunk& chunk : fresh) {
    position += chunk.count;
    chunks_.push_back(std::move(chunk));
  }
  position_ = position;
  news_.store(true, std::memory_order_relaxed);
  if (waiting_) changed_.notify_one();
}

void JobStream::on_same_job(const JobId& existing) {
  const std::lock_guard lock(mutex_);
  job_ = existing;
}

void JobStream::on_end(const TaskReport* failure, std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(ended_, true)) return;
  if (failure != nullptr) failure_ = *failure;
  count_ = count;
  news_.store(true, std::memory_order_relaxed);
  if (waiting_) changed_.notify_one();
}

}  // namespace zonda::detail
