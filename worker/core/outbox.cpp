#include "worker/core/outbox.h"

#include "proto/limits.h"

namespace zonda {

void Outbox::add(Finished finished) {
  const std::uint64_t bytes = finished.payloads.size() + finished.lengths.size() + finished.kinds.size();
  const std::uint64_t tasks = finished.lengths.size() / 4;
  // What was packed once keeps its frame numbers and so its contents, also while it waits to be sent again.
  const bool fits = !entries_.empty() && entries_.back().last_frame == 0 &&
                    entries_.back().bytes + bytes <= kFrameBytes &&
                    entries_.back().tasks + tasks <= kFrameTasks && entries_.back().ranges.size() < kListMax;
  if (!fits) entries_.emplace_back();
  Entry& entry = entries_.back();
  entry.ranges.push_back(std::move(finished));
  entry.bytes += bytes;
  entry.tasks += tasks;
  bytes_ += bytes;
  tasks_ += tasks;
}

const std::string* Outbox::next_frame(Header header) {
  if (frame_ == frames_.size()) {
    if (next_ == entries_.size()) return nullptr;
    Entry& entry = entries_[next_];
    WorkerResults message;
    for (const Finished& range : entry.ranges) {
      message.ranges.push_back({range.job, range.first, range.token.epoch, range.token.lease,
                                static_cast<std::uint64_t>(range.busy.count()), range.kinds,
                                Column{range.lengths, range.payloads}});
    }
    frames_ = lane_.pack(header, message);
    frame_ = 0;
    entry.last_frame = lane_.last();
    ++next_;
  }
  return &frames_[frame_];
}

void Outbox::frame_sent() {
  ++sent_;
  if (++frame_ == frames_.size()) frames_.clear(), frame_ = 0;
}

void Outbox::stored(std::uint64_t upto) {
  while (next_ > 0 && !entries_.empty() && entries_.front().last_frame <= upto) {
    bytes_ -= entries_.front().bytes;
    tasks_ -= entries_.front().tasks;
    first_frame_before_ = entries_.front().last_frame;
    entries_.pop_front();
    --next_;
  }
}

// Goes back to the first entry with a frame after this number. An entry of several frames is sent again as a
// whole: the lane's numbers go back to where it began, and what the broker has of it are duplicates.
void Outbox::resend(std::uint64_t after) {
  if (after >= sent_ && frame_ == frames_.size()) return;
  std::uint64_t begin = first_frame_before_;
  std::size_t at = 0;
  for (; at < next_ && entries_[at].last_frame <= after; ++at) begin = entries_[at].last_frame;
  next_ = at;
  frames_.clear();
  frame_ = 0;
  lane_.rewind(begin);
  sent_ = begin;
}

void Outbox::restart() {
  next_ = 0;
  frames_.clear();
  frame_ = 0;
  lane_ = {};
  sent_ = 0;
  first_frame_before_ = 0;
  for (Entry& entry : entries_) entry.last_frame = 0;
}

std::vector<Held> Outbox::holdings() const {
  std::vector<Held> held;
  for (const Entry& entry : entries_) {
    for (const Finished& range : entry.ranges)
      held.push_back(
          {range.job, range.first, range.lengths.size() / 4, range.token.epoch, range.token.lease, true});
  }
  return held;
}

}  // namespace zonda
