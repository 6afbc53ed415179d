// A run of tasks of one job.
#pragma once

#include <compare>
#include <cstdint>

namespace zonda {

// Half-open range of task indices.
struct IndexRange {
  std::uint64_t lo = 0;
  std::uint64_t hi = 0;
  std::uint64_t size() const { return hi - lo; }
  friend auto operator<=>(const IndexRange&, const IndexRange&) = default;
};

}  // namespace zonda
