#include "worker/core/outbox.h"

#include "proto/limits.h"

namespace zonda {

void Outbox::add(Finished finished) {
  Range range{{}, finished.kinds.size(), finished.lengths.size(), finished.payloads.size()};
  range.outcomes = std::move(finished);
  const std::uint64_t bytes = range.kinds + range.lengths + range.payloads;
  const std::uint64_t tasks = range.tasks();
  const bool fits = !entries_.empty() && may_grow(entries_.back()) &&
                    entries_.back().bytes + bytes <= kFrameBytes &&
                    entries_.back().tasks + tasks <= kFrameTasks;
  if (!fits) entries_.emplace_back();
  Entry& entry = entries_.back();
  entry.ranges.push_back(std::move(range));
  entry.bytes += bytes;
  entry.tasks += tasks;
  bytes_ += bytes;
  tasks_ += tasks;
  in_memory_ += bytes;
  make_room();
}

// What was packed once keeps its frame numbers and so its contents, also while it waits to be sent again.
bool Outbox::may_grow(const Entry& entry) {
  return !entry.place && entry.last_frame == 0 && entry.bytes < kFrameBytes && entry.tasks < kFrameTasks &&
         entry.ranges.size() < kListMax;
}

// The last ones first: they are needed last.
void Outbox::make_room() {
  for (auto entry = entries_.rbegin(); in_memory_ > memory_max_ && entry != entries_.rend(); ++entry) {
    const bool grows = entry == entries_.rbegin() && may_grow(*entry);  // small pieces are not worth a write
    if (entry->place || grows) continue;
    refused_ = !spool(*entry);
    if (refused_) return;
  }
}

bool Outbox::spool(Entry& entry) {
  if (spool_ == nullptr) return false;
  std::string bytes;
  bytes.reserve(entry.bytes);
  for (const Range& range : entry.ranges)
    bytes.append(range.outcomes.kinds).append(range.outcomes.lengths).append(range.outcomes.payloads);
  entry.place = spool_->put(bytes);
  if (!entry.place) return false;
  for (Range& range : entry.ranges) {
    for (std::string* spooled : {&range.outcomes.kinds, &range.outcomes.lengths, &range.outcomes.payloads})
      std::string().swap(*spooled);  // an assignment would keep their memory
  }
  in_memory_ -= entry.bytes;
  return true;
}

WorkerResults Outbox::message_of(const Entry& entry, std::string_view read_back) {
  const auto part = [&](const std::string& kept, std::size_t size) {
    if (!entry.place) return std::string_view(kept);
    const std::string_view cut = read_back.substr(0, size);
    read_back.remove_prefix(size);
    return cut;
  };
  WorkerResults message;
  for (const Range& range : entry.ranges) {
    const Finished& outcomes = range.outcomes;
    const std::string_view kinds = part(outcomes.kinds, range.kinds);
    const std::string_view lengths = part(outcomes.lengths, range.lengths);
    const std::string_view payloads = part(outcomes.payloads, range.payloads);
    message.ranges.push_back({outcomes.job, outcomes.first, outcomes.token.epoch, outcomes.token.lease,
                              static_cast<std::uint64_t>(outcomes.busy.count()), kinds,
                              Column{lengths, payloads}});
  }
  return message;
}

std::string* Outbox::next_frame(Header header) {
  if (frame_ == frames_.size()) {
    if (next_ == entries_.size() || damaged_) return nullptr;
    Entry& entry = entries_[next_];
    std::string read_back;
    if (entry.place && !spool_->get(*entry.place, read_back)) {
      lose(next_);
      return nullptr;
    }
    frames_ = lane_.pack(header, message_of(entry, read_back));
    frame_ = 0;
    entry.last_frame = lane_.last();
    ++next_;
  }
  return &frames_[frame_];
}

void Outbox::lose(std::size_t at) {
  const auto entry = entries_.begin() + static_cast<std::ptrdiff_t>(at);
  tasks_damaged_ += entry->tasks;
  damaged_ = true;
  forget(*entry);
  entries_.erase(entry);
}

void Outbox::forget(const Entry& entry) {
  bytes_ -= entry.bytes;
  tasks_ -= entry.tasks;
  if (entry.place)
    spool_->release(*entry.place);
  else
    in_memory_ -= entry.bytes;
}

std::uint64_t Outbox::bytes_behind() const {
  const bool has_first = !entries_.empty() && !entries_.front().place;
  return in_memory_ - (has_first ? entries_.front().bytes : 0);
}

void Outbox::frame_sent() {
  ++sent_;
  if (++frame_ == frames_.size()) frames_.clear(), frame_ = 0;
}

void Outbox::stored(std::uint64_t upto) {
  while (next_ > 0 && !entries_.empty() && entries_.front().last_frame <= upto) {
    forget(entries_.front());
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
  damaged_ = false;
  for (Entry& entry : entries_) entry.last_frame = 0;
}

std::vector<Held> Outbox::holdings() const {
  std::vector<Held> held;
  for (const Entry& entry : entries_) {
    for (const Range& range : entry.ranges) {
      const Finished& outcomes = range.outcomes;
      held.push_back(
          {outcomes.job, outcomes.first, range.tasks(), outcomes.token.epoch, outcomes.token.lease, true});
    }
  }
  return held;
}

}  // namespace zonda
