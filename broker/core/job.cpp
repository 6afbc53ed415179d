#include "broker/core/job.h"

#include <algorithm>

#include "proto/assert.h"

namespace zonda {

namespace {
constexpr std::size_t kHistoryMax = 16;              // attempts told of: the last ones
constexpr std::size_t kHistoryMessageBytes = 1'024;  // of each; the outcome has all of the last one
}  // namespace

void remember(std::vector<TaskReport::Attempt>& history, TaskReport::Attempt attempt) {
  attempt.message.resize(std::min(attempt.message.size(), kHistoryMessageBytes));
  if (history.size() == kHistoryMax) history.erase(history.begin());
  history.push_back(std::move(attempt));
}

Batch* Job::find_batch(std::uint64_t index) {
  const auto after = std::upper_bound(batches.begin(), batches.end(), index,
                                      [](std::uint64_t i, const Batch& batch) { return i < batch.first; });
  if (after == batches.begin()) return nullptr;
  Batch& batch = *std::prev(after);
  return index < batch.first + batch.count ? &batch : nullptr;
}

Batch& Job::batch_of(std::uint64_t index) {
  Batch* batch = find_batch(index);
  ZONDA_ASSERT(batch != nullptr);
  return *batch;
}

const Batch* Job::oldest_open_batch() {
  while (closed_batches < batches.size() && batches[closed_batches].open == 0) ++closed_batches;
  return closed_batches < batches.size() ? &batches[closed_batches] : nullptr;
}

std::uint64_t Job::close_tasks(IndexRange range, bool keep_inputs) {
  std::uint64_t freed = 0;
  while (range.lo < range.hi) {
    Batch& batch = batch_of(range.lo);
    const std::uint64_t end = std::min(range.hi, batch.first + batch.count);
    ZONDA_ASSERT(batch.open >= end - range.lo);
    batch.open -= static_cast<std::uint32_t>(end - range.lo);
    if (batch.open == 0) absent.erase(batch.first);
    if (batch.open == 0 && !keep_inputs) {
      freed += batch.slab.size();
      batch.arguments = {};
      batch.slab = Slab();
    }
    range.lo = end;
  }
  if (!spec.detached) {
    for (; !batches.empty() && batches.front().open == 0; batches.pop_front())
      closed_batches -= std::min<std::size_t>(closed_batches, 1);
  }
  return freed;
}

}  // namespace zonda
