#include <zonda/detail/outcome_reader.h>
#include <zonda/error.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "proto/limits.h"
#include "sdk/cpp/src/job_stream.h"
#include "sdk/cpp/src/task_reports.h"

namespace zonda::detail {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t kWindowTasks = 262'144;       // appended and not stepped through
constexpr std::uint64_t kWindowBytes = 64 << 20;      // of the outcomes these may make
constexpr std::uint64_t kWindowTasksMin = 64;         // however large outcomes are
constexpr std::uint32_t kSliceTasks = 256;            // inputs pulled between two looks at the clock
constexpr std::chrono::microseconds kSliceTime{500};  // more than this a slice: inputs are slow to come
constexpr std::uint64_t kRunAhead = 4 * kFrameTasks;  // appended while an outcome is there to be read

std::string_view bytes_of(const std::vector<std::uint32_t>& lengths) {
  static_assert(std::endian::native == std::endian::little);
  return {reinterpret_cast<const char*>(lengths.data()), 4 * lengths.size()};
}

// Tasks that were appended when the job was cancelled, and never accepted.
OutcomeChunk never_accepted(std::uint64_t first, std::uint64_t end) {
  OutcomeChunk chunk;
  chunk.first = first;
  chunk.count = static_cast<std::uint32_t>(end - first);
  auto kinds = std::make_shared<char[]>(chunk.count, static_cast<char>(TaskReport::cancelled));
  chunk.kinds = {kinds.get(), chunk.count};
  chunk.bytes = std::move(kinds);
  return chunk;
}

}  // namespace

OutcomeReader::OutcomeReader(std::shared_ptr<JobStream> stream, std::unique_ptr<InputSource> source)
    : stream_(std::move(stream)), source_(std::move(source)), reading_(source_ == nullptr) {
  at_ = chunk_.count;
  if (source_ == nullptr) return;
  try {
    produce(true);  // so that the workers begin; the rest as it is iterated
  } catch (...) {
    stream_->leave();
    throw;
  }
}

OutcomeReader::~OutcomeReader() {
  if (source_ != nullptr) stream_->close();  // given up: a job that is detached ends with what it has
  stream_->leave();
}

void OutcomeReader::set_unordered() {
  ordered_ = false;
  if (reading_) stream_->acknowledge_when_taken();
}

JobId OutcomeReader::job() const { return stream_->job(); }

TaskReport OutcomeReader::report() const {
  return report_of(static_cast<std::uint8_t>(chunk_.kinds[at_]), payload());
}

void OutcomeReader::cancel() {
  stream_->cancel();
  source_.reset();
  batch_.clear();
}

bool OutcomeReader::next_chunk() {
  if (!std::exchange(started_, true) && reading_) stream_->attach(stream_);
  consumed_ += chunk_.count;
  chunk_ = {};
  at_ = 0;
  offset_ = length_ = 0;
  try {
    while (!take_next_chunk()) {
      const bool more = stream_->take(arrived_, false);
      const bool some = !arrived_.empty();
      for (OutcomeChunk& chunk : std::exchange(arrived_, {})) sort_in(std::move(chunk));
      if (some) continue;
      if (!more) {
        if (stream_->failure()) throw_report(*stream_->failure());
        if (appended_ > stream_->count() && consumed_ < appended_ && taken_ < appended_)
          sort_in(never_accepted(stream_->count(), appended_));
        if (!take_next_chunk()) return at_ = 1, false;
        break;
      }
      produce(false);
      if (!stream_->has_news()) {
        stream_->take(arrived_, true);
        for (OutcomeChunk& chunk : std::exchange(arrived_, {})) sort_in(std::move(chunk));
      }
    }
    if (source_ && room() >= std::min<std::uint64_t>(kFrameTasks, window() / 4)) produce(true);
    return true;
  } catch (...) {
    cancel();
    chunk_ = {};
    at_ = 1;
    throw;
  }
}

bool OutcomeReader::take_next_chunk() {
  if (!ordered_) {
    if (chunks_.empty()) return false;
    chunk_ = std::move(chunks_.front());
    chunks_.pop_front();
    return true;
  }
  const auto next = early_.find(next_index_);
  if (next == early_.end()) return false;
  chunk_ = std::move(next->second);
  early_.erase(next);
  next_index_ += chunk_.count;
  return true;
}

void OutcomeReader::sort_in(OutcomeChunk chunk) {
  taken_ += chunk.count;
  taken_bytes_ += chunk.payloads.size();
  if (chunk.count == 0) return;
  if (ordered_)
    early_.emplace(chunk.first, std::move(chunk));
  else
    chunks_.push_back(std::move(chunk));
}

// How many tasks may be appended and not stepped through: outcomes that wait here for their turn are bounded
// by it.
std::uint64_t OutcomeReader::window() const {
  if (taken_bytes_ == 0) return kWindowTasks;
  const std::uint64_t mean = std::max<std::uint64_t>(taken_bytes_ / taken_, 1);
  return std::clamp(kWindowBytes / mean, kWindowTasksMin, kWindowTasks);
}

std::uint64_t OutcomeReader::room() const {
  const std::uint64_t ahead = appended_ + batch_.lengths.size() - consumed_;
  return ahead < window() ? window() - ahead : 0;
}

// Pulls inputs while there is room. With `may_stop`, only so many that outcomes need not wait for long;
// without, until an outcome arrives: what the range is slow to give leaves at once.
void OutcomeReader::produce(bool may_stop) {
  const std::uint64_t before = appended_;
  std::uint32_t slice = 1;
  while (source_) {
    const std::uint64_t left = room();
    if (left == 0) break;
    if (appended_ > taken_ && !stream_->may_append()) break;  // what is read may be what makes room
    const auto from = steady_clock::now();
    if (!produce_slice(static_cast<std::uint32_t>(std::min<std::uint64_t>(slice, left)))) break;
    const bool slow = steady_clock::now() - from > kSliceTime;
    slice = slow ? 1 : std::min(2 * slice, kSliceTasks);
    if (slow) flush();
    if (may_stop && (slow || appended_ - before >= kRunAhead)) break;
    if (!may_stop && stream_->has_news()) break;
  }
  flush();
}

bool OutcomeReader::produce_slice(std::uint32_t count) {
  const auto space = kFrameTasks - static_cast<std::uint32_t>(batch_.lengths.size());
  const bool more = source_->fill(batch_, std::min(count, space), kFrameBytes);
  if (batch_.lengths.size() >= kFrameTasks || batch_.bytes() >= kFrameBytes) flush();
  if (!more) finish_inputs();
  return more;
}

void OutcomeReader::flush() {
  if (batch_.lengths.empty()) return;
  stream_->append(bytes_of(batch_.lengths), std::move(batch_.payloads.bytes()));
  appended_ += batch_.lengths.size();
  batch_.clear();
}

void OutcomeReader::finish_inputs() {
  flush();
  source_.reset();
  stream_->close();
}

}  // namespace zonda::detail
