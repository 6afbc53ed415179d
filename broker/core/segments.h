// The tasks of one job that are not done, as ranges of equal state. A job of ten million queued tasks is one
// segment; a lease cuts off its front. Done tasks are in no segment.
//
//   Ready ──take──▶ Leased ──erase──▶ (done)
//     ▲                │
//     └── put ◀────────┤ lost, returned
//   Delayed ◀──────────┘ to be retried later; back to Ready when due
//   Suspect              as Ready, of tasks that saw several workers die: see quarantine.h
//   Stored               ready, but its arguments are in the store only: read back before it is needed
//   Orphaned             handed out before the broker started; Leased again when its holder comes back, Ready
//                        if it does not
#pragma once

#include <zonda/job_id.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "broker/core/index_range.h"

namespace zonda {

enum class TaskState : std::uint8_t { Ready, Leased, Delayed, Orphaned, Stored, Suspect };

// From so many deaths of workers on that they saw, tasks run alone on a worker, and a death may be charged.
inline constexpr std::uint32_t kDeathsUnblamed = 3;

// What the tasks of a segment have in common.
struct SegmentState {
  TaskState state = TaskState::Ready;
  Token token;               // the last one known to be issued for these tasks; {} if none
  std::uint32_t errors = 0;  // the four counters, kept apart (returned is free and not counted)
  std::uint32_t crashes = 0;
  std::uint32_t lost = 0;
  std::uint32_t deaths = 0;  // how often a worker vanished with them aboard, started or not
  std::uint32_t group = 0;   // how many of them may be handed out together; 0: any number
  bool spent = false;        // the attempt of `token` was recorded: only a later one counts
  bool claimable = false;    // may be held under a token of an earlier epoch that we do not know
  bool started = false;      // leased and known to run
  bool missed = false;       // the loss of its last holder, which may still be heard of, is in `deaths`,
  bool charged = false;      // and in `lost`

  std::uint32_t attempt() const { return errors + crashes + lost + 1; }
  bool suspect() const { return deaths >= kDeathsUnblamed; }
  TaskState waiting() const { return suspect() ? TaskState::Suspect : TaskState::Ready; }
  // The one rule of who may finish a task: no later token was issued for it. Of our own epoch we know every
  // token; of earlier ones those that were fenced.
  bool counts(Token claimed, std::uint64_t epoch) const {
    if (claimed.lease == 0) return false;  // names no hand-out
    if (claimed == token) return !spent;
    return claimable && claimed.epoch < epoch && token < claimed;
  }
  friend bool operator==(const SegmentState&, const SegmentState&) = default;
};

class Segments {
 public:
  // New tasks, ready. They must follow all earlier ones.
  void append(IndexRange range);
  // Sets the state of a range, all of which must be in segments.
  void put(IndexRange range, const SegmentState& state);
  // The range is done: it leaves the segments. Parts that are in none are ignored.
  void erase(IndexRange range);

  bool empty() const { return segments_.empty(); }
  // The first range in such a state, if any. Constant time.
  std::optional<IndexRange> first_ready() const { return first(ready_); }
  std::optional<IndexRange> first_suspect() const { return first(suspects_); }
  std::optional<IndexRange> first_stored() const { return first(stored_); }
  // Only for a range inside one segment.
  const SegmentState* find(std::uint64_t index) const;

  // The parts of `range` for which keep(state) is true, to be changed while they are walked.
  using Parts = std::vector<std::pair<IndexRange, SegmentState>>;
  template <class Keep>
  Parts parts(IndexRange range, Keep&& keep) const {
    Parts found;
    for_each(range, [&](IndexRange part, const SegmentState& state) {
      if (keep(state)) found.emplace_back(part, state);
    });
    return found;
  }
  Parts parts(IndexRange range) const {
    return parts(range, [](const SegmentState&) { return true; });
  }

  // Calls f(IndexRange part, SegmentState state) for each part of a segment inside `range`, in order. f must
  // not change the segments. A range that is empty, or whose end wrapped around, has no parts.
  template <class F>
  void for_each(IndexRange range, F&& f) const {
    if (range.lo >= range.hi) return;
    for (auto at = segments_.upper_bound(range.lo); at != segments_.end() && at->second.lo < range.hi; ++at) {
      f(IndexRange{std::max(at->second.lo, range.lo), std::min(at->first, range.hi)}, at->second.state);
    }
  }

 private:
  struct Node {
    std::uint64_t lo = 0;
    SegmentState state;
  };
  using Map = std::map<std::uint64_t, Node>;  // by the range's end, so that cutting off a front keeps the key

  using Ends = std::set<std::uint64_t>;

  std::optional<IndexRange> first(const Ends& ends) const;
  // Where the ends of segments of a state are listed, if they are.
  Ends* ends_of(TaskState state) {
    switch (state) {
      case TaskState::Ready: return &ready_;
      case TaskState::Suspect: return &suspects_;
      case TaskState::Stored: return &stored_;
      default: return nullptr;
    }
  }
  void list(const Map::value_type& segment);
  void unlist(const Map::value_type& segment);
  void split_at(std::uint64_t index);
  void insert(IndexRange range, const SegmentState& state);

  Map segments_;
  Ends ready_;     // ends of the ready segments
  Ends suspects_;  // of those in quarantine
  Ends stored_;    // and of those whose arguments have to be read
};

}  // namespace zonda
