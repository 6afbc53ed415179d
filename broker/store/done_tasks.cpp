#include "broker/store/done_tasks.h"

#include <algorithm>

namespace zonda {

DoneTasks::DoneTasks(const std::vector<IndexRange>& ranges, const Kinds& kinds) : kinds_(kinds) {
  for (const IndexRange& range : ranges) ends_[range.lo] = range.hi;
}

DoneTasks::Kinds DoneTasks::count(IndexRange range, std::string_view kinds) {
  Kinds counts{};
  if (kinds.empty()) counts[0] = range.size();
  for (const char kind : kinds) ++counts.at(static_cast<std::uint8_t>(kind));
  return counts;
}

void DoneTasks::add(IndexRange range, const Kinds& kinds) {
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) kinds_[kind] += kinds[kind];
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
