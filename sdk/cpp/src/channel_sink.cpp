#include "sdk/cpp/src/channel_sink.h"

#include <algorithm>

namespace zonda::detail {
namespace {
constexpr std::uint64_t kAcknowledgeEvery = 1'024;
}

JobId ChannelSink::job() const {
  const std::lock_guard lock(mutex_);
  return job_;
}

std::uint64_t ChannelSink::accepted() const {
  const std::lock_guard lock(mutex_);
  return accepted_;
}

std::optional<std::uint64_t> ChannelSink::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

std::optional<JobEvent> ChannelSink::next(Until until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until, [this] { return !events_.empty() || interrupted_; });
  if (std::exchange(interrupted_, false) || events_.empty()) return std::nullopt;
  JobEvent event = std::move(events_.front());
  events_.pop_front();
  if (std::holds_alternative<TaskOutcome>(event)) ++position_;
  return event;
}

void ChannelSink::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

bool ChannelSink::wait_accepted(std::uint64_t appended, bool closed, Until until) {
  std::unique_lock lock(mutex_);
  const auto stored = [&] { return accepted_ >= appended && (!closed || count_); };
  changed_.wait_until(lock, until, [&] { return stored() || ended_ || interrupted_; });
  interrupted_ = false;
  return stored() || (ended_ && !failed_);
}

std::optional<std::uint64_t> ChannelSink::position_to_acknowledge() {
  const std::lock_guard lock(mutex_);
  if (position_ == acknowledged_ || (!events_.empty() && position_ < acknowledged_ + kAcknowledgeEvery))
    return std::nullopt;
  return acknowledged_ = position_;
}

void ChannelSink::add(JobEvent event) {
  events_.push_back(std::move(event));
  changed_.notify_all();
}

void ChannelSink::on_accepted(std::uint64_t count, bool closed) {
  const std::lock_guard lock(mutex_);
  accepted_ = std::max(accepted_, count);
  if (closed) count_ = count;
  changed_.notify_all();
}

void ChannelSink::on_outcomes(std::uint64_t, const std::vector<OutcomeRange>& ranges, ArrivedFrame&) {
  const std::lock_guard lock(mutex_);
  for (const OutcomeRange& range : ranges) {
    for_each_value(range.outcomes, [&](std::uint32_t at, std::string_view payload) {
      const char kind = range.kinds.empty() ? '\0' : range.kinds[at];
      add(TaskOutcome{range.first + at, static_cast<std::uint8_t>(kind), std::string(payload), range.worker,
                      range.attempt});
    });
  }
}

void ChannelSink::on_progress(const JobProgress& progress) {
  const std::lock_guard lock(mutex_);
  add(ProgressEvent{progress.index, progress.done, progress.total, progress.text});
}

void ChannelSink::on_output(const JobOutput& output) {
  const std::lock_guard lock(mutex_);
  add(OutputEvent{output.index, output.attempt, output.token(), output.stream, output.offset,
                  std::string(output.bytes)});
}

void ChannelSink::on_same_job(const JobId& existing) {
  const std::lock_guard lock(mutex_);
  job_ = existing;
}

void ChannelSink::on_end(const TaskReport* failure, std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(ended_, true)) return;
  failed_ = failure != nullptr;
  add(JobEnd{count, failure != nullptr ? std::optional(*failure) : std::nullopt});
}

}  // namespace zonda::detail
