// A job as the broker sees it: what to run, its batches of arguments, the state of its tasks, and its outcome
// log.
#pragma once

#include <zonda/job_id.h>
#include <zonda/task_report.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/core/clock.h"
#include "broker/core/job_summary.h"
#include "broker/core/outcome_log.h"
#include "broker/core/segments.h"
#include "broker/core/timers.h"
#include "proto/messages.h"
#include "proto/slab.h"

namespace zonda {

class ReadyClass;
struct ClientRecord;

// What a job costs beside its payloads, each of its batches, and each chunk of its log. Jobs of one batch
// were measured, 3,700 bytes each; batches and chunks are what their fields and a segment take.
inline constexpr std::uint64_t kJobOverhead = 3'500;
inline constexpr std::uint64_t kBatchOverhead = 300;
inline constexpr std::uint64_t kChunkOverhead = 200;

// Arguments as they were appended: one slab, many tasks. Freed when its last task is done, unless there is no
// store and the job may be asked to run its failed tasks again.
struct Batch {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::uint64_t digest = 0;  // of the column, to tell a resend from a conflict
  std::uint32_t open = 0;    // tasks that are not done
  std::uint32_t waits = 0;   // tasks that are ready or in quarantine, and their arguments at hand
  TimePoint deadline = TimePoint::max();
  std::uint64_t bytes = 0;  // of the slab
  Slab slab;                // empty: not in memory
  Column arguments;
};

// Somebody who reads the outcome log.
struct Reader {
  std::uint64_t session = 0;
  std::uint64_t sent = 0;             // position up to which outcomes were sent
  std::uint64_t acked = 0;            // position up to which they arrived
  std::uint64_t on_way_outcomes = 0;  // between the two, as the session's window counts them
  std::uint64_t on_way_bytes = 0;
};

// One more attempt of a task, in short; only the last ones are kept.
void remember(std::vector<TaskReport::Attempt>& history, TaskReport::Attempt attempt);

struct Job {
  JobId id;
  JobSpec spec;
  std::uint64_t age = 0;           // order of arrival
  std::uint64_t turn = 0;          // its place among the jobs in quarantine; 0: it has nothing there
  std::uint64_t share = 0;         // whose turn it is when this job runs: see ready_queue.h
  ClientRecord* client = nullptr;  // its owner; null once nobody waits for it
  std::string client_name;
  std::string scope;  // of its key
  JobState state = JobState::Open;
  bool cut = false;       // closed by a cancel: what comes on top was on its way
  bool complete = false;  // the final count is known and every task is done
  std::uint64_t count = 0;
  std::uint64_t handed_out = 0;      // no task from here on was ever handed out, as the store knows
  std::deque<Batch> batches;         // of an attached job: from the first on that has open tasks
  std::vector<IndexRange> released;  // while it is restored: tasks whose outcomes are gone
  std::set<std::uint64_t> absent;    // first tasks of the batches with open tasks that are not in memory
  bool loading = false;              // one of them is being read
  Segments segments;
  OutcomeLog log;
  std::vector<Reader> readers;       // sessions that are open
  std::uint64_t owner_acked = 0;     // how far its owner has read, also while it is away
  std::uint64_t owner_recorded = 0;  // and as the store knows
  std::uint64_t unread_bytes = 0;    // of its log, as its client's quota counts them
  std::uint64_t counted_overhead = 0;
  bool held = false;  // its tasks wait until some of that is read: see quota.cpp
  JobCounts counts;
  std::map<std::uint64_t, std::vector<TaskReport::Attempt>>
      histories;       // of tasks that failed and are not done
  double task_us = 0;  // measured mean time of a task; 0: not yet known
  ReadyClass* ready_class = nullptr;
  std::optional<Timers::Handle> deadline_timer;         // of the oldest batch with open tasks
  std::deque<std::pair<TimePoint, IndexRange>> delays;  // batches that are not to begin before, ascending
  std::optional<Timers::Handle> delay_timer;            // of the first of these
  std::size_t closed_batches = 0;                       // at the front: those of which no task is open
  std::optional<Timers::Handle> forget_timer;
  UtcTime opened_at;
  std::optional<UtcTime> started_at;
  std::optional<UtcTime> finished_at;

  std::uint64_t done() const { return counts.values + counts.failed_total(); }
  std::uint64_t overhead() const {
    return kJobOverhead + kBatchOverhead * batches.size() + kChunkOverhead * log.chunks().size();
  }
  bool is_closed() const { return state != JobState::Open; }
  // The batch that holds a task. Null if all its tasks are done and nobody can ask for them again.
  Batch* find_batch(std::uint64_t index);
  // The same, of a task that is not done.
  Batch& batch_of(std::uint64_t index);
  const Batch& batch_of(std::uint64_t index) const { return const_cast<Job*>(this)->batch_of(index); }
  const Batch* oldest_open_batch();  // null if all are done
  // Tells the batches that these tasks are done; returns how many bytes of arguments that freed.
  std::uint64_t close_tasks(IndexRange range, bool keep_inputs);
};

}  // namespace zonda
