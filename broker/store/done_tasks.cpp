#include "broker/store/done_tasks.h"

#include <algorithm>

namespace zonda {

DoneTasks::DoneTasks(const std::vector<IndexRange>& ranges, const std::array<std::uint64_t, 9>& kinds)
    : kinds_(kinds) {
  for (const IndexRange& range : ranges) ends_[range.lo] = range.hi;
}

void DoneTasks::add(IndexRange range, std::string_view kinds) {
  if (kinds.empty()) kinds_[0] += range.size();
  for (const char kind : kinds) ++kinds_.at(static_cast<std::uint8_t>(kind));
  auto after = ends_.upper_bound(range.lo);
  if (after != ends_.begin() && std::prev(after)->second >= range.lo) {
    --after;
    range.lo = after->first;
  }
  while (after != ends_.end() && after->first <= range.hi) {
    range.hi = std::max(range.hi, after->second);
    after = ends_.erase(after);
  }
  ends_[range.lo] = range.hi;
}

std::vector<IndexRange> DoneTasks::ranges() const {
  std::vector<IndexRange> all;
  all.reserve(ends_.size());
  for (const auto& [lo, hi] : ends_) all.push_back({lo, hi});
  return all;
}

}  // namespace zonda
