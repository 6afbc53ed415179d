// The outcomes of one job in the order in which they were recorded. A reader is a position in it;
// acknowledging is one number. Chunks are as they came from the workers: one slab, many outcomes.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "proto/column.h"
#include "proto/slab.h"

namespace zonda {

struct LogChunk {
  std::uint64_t position = 0;      // of its first outcome in the log
  std::uint64_t bytes_before = 0;  // in the log, ever
  std::uint64_t first = 0;         // index of its first task
  std::uint32_t attempt = 0;
  std::uint64_t epoch = 0;  // of the broker that recorded it; 0: not known
  std::string worker;
  std::uint32_t tasks = 0;
  std::uint64_t bytes = 0;  // of the slab
  Slab slab;                // keeps the views alive; empty: not in memory, like `outcomes`
  std::string_view kinds;   // as in OutcomeRange
  std::string kinds_kept;   // what `kinds` points into without the slab
  Column outcomes;

  std::uint32_t count() const { return tasks; }
  bool is_in_memory() const { return slab.size() > 0; }
  std::uint64_t end() const { return position + count(); }
};

class OutcomeLog {
 public:
  // Of a job that had outcomes before the broker started: they are gone, the log goes on at `position`.
  void start_at(std::uint64_t position) { end_ = position; }
  // Sets the chunk's position and returns it. One that is not in memory brings its count and size.
  const LogChunk& append(LogChunk chunk);
  // The payload of the last chunk does not stay in memory.
  void drop_last_payload();
  // Drops whole chunks that end at or before `position`. Returns how many bytes that freed.
  std::uint64_t release(std::uint64_t position);

  std::uint64_t begin() const { return chunks_.empty() ? end_ : chunks_.front().position; }
  std::uint64_t end() const { return end_; }
  std::uint64_t bytes() const { return chunks_.empty() ? 0 : bytes_ - chunks_.front().bytes_before; }
  const std::deque<LogChunk>& chunks() const { return chunks_; }
  // Whether the outcome before `position` is the one that a broker of `epoch` recorded there, and so all
  // before it (as terms tell it in Raft); what was released is taken to be.
  bool matches(std::uint64_t position, std::uint64_t epoch) const;
  // The chunk that holds `position`; it must be in [begin, end).
  const LogChunk& at(std::uint64_t position) const;
  // Bytes of outcomes before `position`, to the chunk.
  std::uint64_t bytes_before(std::uint64_t position) const {
    return position < begin() ? 0 : position >= end_ ? bytes_ : at(position).bytes_before;
  }

 private:
  std::deque<LogChunk> chunks_;
  std::uint64_t end_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace zonda
