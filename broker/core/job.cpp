#include "broker/core/job.h"

#include <algorithm>

#include "proto/assert.h"

namespace zonda {

Batch& Job::batch_of(std::uint64_t index) {
  const auto after = std::upper_bound(batches.begin(), batches.end(), index,
                                      [](std::uint64_t i, const Batch& batch) { return i < batch.first; });
  ZONDA_ASSERT(after != batches.begin());
  return *std::prev(after);
}

std::uint64_t Job::close_tasks(IndexRange range) {
  std::uint64_t freed = 0;
  while (range.lo < range.hi) {
    Batch& batch = batch_of(range.lo);
    const std::uint64_t end = std::min(range.hi, batch.first + batch.count);
    ZONDA_ASSERT(batch.open >= end - range.lo);
    batch.open -= static_cast<std::uint32_t>(end - range.lo);
    if (batch.open == 0 && !spec.detached) {
      freed += batch.slab.size();
      batch.arguments = {};
      batch.slab = Slab();
    }
    range.lo = end;
  }
  return freed;
}

}  // namespace zonda
