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
    unlist(*at);
    at = segments_.erase(at);
  }
}

void Segments::list(const Map::value_type& segment) {
  if (Ends* ends = ends_of(segment.second.state.state)) ends->insert(segment.first);
}

void Segments::unlist(const Map::value_type& segment) {
  if (Ends* ends = ends_of(segment.second.state.state)) ends->erase(segment.first);
}

std::optional<IndexRange> Segments::first(const Ends& ends) const {
  if (ends.empty()) return std::nullopt;
  const auto at = segments_.find(*ends.begin());
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
  list(*segments_.emplace_hint(at, index, front));
}

void Segments::insert(IndexRange range, const SegmentState& state) {
  auto next = segments_.lower_bound(range.hi);
  if (next != segments_.begin()) {  // grows the neighbour before it, if that is the same
    const auto before = std::prev(next);
    if (before->first == range.lo && before->second.state == state) {
      range.lo = before->second.lo;
      unlist(*before);
      next = segments_.erase(before);
    }
  }
  if (next != segments_.end() && next->second.lo == range.hi && next->second.state == state) {
    next->second.lo = range.lo;
    return;
  }
  list(*segments_.emplace_hint(next, range.hi, Node{range.lo, state}));
}

}  // namespace zonda
