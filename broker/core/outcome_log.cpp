#include "broker/core/outcome_log.h"

#include <algorithm>

#include "proto/assert.h"

namespace zonda {

const LogChunk& OutcomeLog::append(LogChunk chunk) {
  chunk.position = end_;
  chunk.bytes_before = bytes_;
  if (chunk.is_in_memory()) {
    chunk.tasks = chunk.outcomes.count();
    chunk.bytes = chunk.slab.size();
  }
  end_ += chunk.count();
  bytes_ += chunk.bytes;
  return chunks_.emplace_back(std::move(chunk));
}

void OutcomeLog::drop_last_payload() {
  LogChunk& last = chunks_.back();
  last.kinds_kept = last.kinds;
  last.kinds = last.kinds_kept;
  last.outcomes = {};
  last.slab = {};
}

std::uint64_t OutcomeLog::release(std::uint64_t position) {
  std::uint64_t freed = 0;
  while (!chunks_.empty() && chunks_.front().end() <= position) {
    freed += chunks_.front().slab.size();
    chunks_.pop_front();
  }
  return freed;
}

bool OutcomeLog::matches(std::uint64_t position, std::uint64_t epoch) const {
  if (position > end_) return false;
  return epoch == 0 || position <= begin() || at(position - 1).epoch == epoch;
}

const LogChunk& OutcomeLog::at(std::uint64_t position) const {
  const auto after =
      std::upper_bound(chunks_.begin(), chunks_.end(), position,
                       [](std::uint64_t p, const LogChunk& chunk) { return p < chunk.position; });
  ZONDA_ASSERT(after != chunks_.begin());
  return *std::prev(after);
}

}  // namespace zonda
