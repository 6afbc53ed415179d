#include "broker/core/segments.h"

#include "proto/assert.h"

namespace zonda {

void Segments::append(IndexRange range) {
  ZONDA_ASSERT(segments_.empty() || segments_.rbegin()->first <= range.lo);
  insert(range, SegmentState{});
}

void Segments::put(IndexRange range, const SegmentState& state) {
  erase(range);
  insert(range, state);
}

void Segments::erase(IndexRange range) {
  if (range.lo >= range.hi) return;
  split_at(range.lo);
  split_at(range.hi);
  auto at = segments_.upper_bound(range.lo);
  while (at != segments_.end() && at->second.lo < range.hi) {
    if (at->second.state.state == TaskState::Ready) ready_.erase(at->first);
    at = segments_.erase(at);
  }
}

std::optional<IndexRange> Segments::first_ready() const {
  if (ready_.empty()) return std::nullopt;
  const auto at = segments_.find(*ready_.begin());
  return IndexRange{at->second.lo, at->first};
}

const SegmentState* Segments::find(std::uint64_t index) const {
  const auto at = segments_.upper_bound(index);
  if (at == segments_.end() || at->second.lo > index) return nullptr;
  return &at->second.state;
}

// Afterwards no segment reaches over `index`.
void Segments::split_at(std::uint64_t index) {
  const auto at = segments_.upper_bound(index);
  if (at == segments_.end() || at->second.lo >= index) return;
  const Node front{at->second.lo, at->second.state};
  at->second.lo = index;
  segments_.emplace_hint(at, index, front);
  if (front.state.state == TaskState::Ready) ready_.insert(index);
}

void Segments::insert(IndexRange range, const SegmentState& state) {
  auto next = segments_.lower_bound(range.hi);
  if (next != segments_.begin()) {  // grows the neighbour before it, if that is the same
    const auto before = std::prev(next);
    if (before->first == range.lo && before->second.state == state) {
      range.lo = before->second.lo;
      if (state.state == TaskState::Ready) ready_.erase(before->first);
      next = segments_.erase(before);
    }
  }
  if (next != segments_.end() && next->second.lo == range.hi && next->second.state == state) {
    next->second.lo = range.lo;
    return;
  }
  segments_.emplace_hint(next, range.hi, Node{range.lo, state});
  if (state.state == TaskState::Ready) ready_.insert(range.hi);
}

}  // namespace zonda
