// Which row holds what: small, per batch and not per task, so that rows are found and deleted by their number
// and the database needs no index.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "broker/store/done_tasks.h"
#include "broker/store/row.h"

namespace zonda {

struct BatchRow {
  RowRef ref;
  std::uint32_t count = 0;
  std::uint64_t open = 0;  // tasks that are not done; of attached jobs only
};

struct OutcomeRow {
  RowRef ref;
  std::uint64_t position = 0;
  IndexRange tasks;
  std::unique_ptr<DoneTasks::Kinds> kinds;  // none: all are values
};

struct JobRows {
  RowRef opened;
  bool detached = false;
  DoneTasks done;  // of the outcomes that were released
  std::uint64_t released = 0;
  std::uint64_t owner_read = 0;
  RowRef released_row;
  std::map<std::uint64_t, BatchRow> batches;  // by first task; those of attached jobs until they are done
  std::vector<RowRef> attempts;
  std::deque<OutcomeRow> outcomes;
  RowRef handed_out;
  RowRef closed;

  // Tasks of an attached job are done: `gone` is called for each batch that has none left.
  template <class F>
  void close_tasks(IndexRange tasks, F&& gone);
};

class StoreRows {
 public:
  std::unordered_map<JobId, JobRows> jobs;
  std::multimap<JobId, RowRef> summaries;
  std::map<JobId, RowRef> workers;
  RowRef stopped;

  // What a row of the database says, when it is opened: in the order of their numbers. Throws DecodeError if
  // it makes no sense here.
  void load(const RowRef& ref, const RowMeta& meta);
  // After the last: counts open tasks.
  void loaded();

 private:
  template <class T>
  JobRows& job_of(const T& record);
  RowRef before_;  // the row whose pieces may follow
};

template <class F>
void JobRows::close_tasks(IndexRange tasks, F&& gone) {
  auto batch = batches.upper_bound(tasks.lo);
  if (batch != batches.begin()) --batch;
  while (batch != batches.end() && batch->first < tasks.hi) {
    const std::uint64_t lo = std::max(tasks.lo, batch->first);
    const std::uint64_t hi = std::min(tasks.hi, batch->first + batch->second.count);
    if (lo < hi) batch->second.open -= std::min(batch->second.open, hi - lo);
    if (batch->second.open > 0) {
      ++batch;
    } else {
      gone(batch->second);
      batch = batches.erase(batch);
    }
  }
}

}  // namespace zonda
