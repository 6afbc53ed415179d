#include "broker/store/store_rows.h"

#include <zonda/detail/reader.h>

#include "broker/store/record_codec.h"

namespace zonda {
namespace {

using detail::DecodeError;

// A row there may be one of.
void set_once(RowRef& place, const RowRef& ref) {
  if (place) throw DecodeError("there are two of its kind");
  place = ref;
}

}  // namespace

template <class T>
JobRows& StoreRows::job_of(const T& record) {
  const auto job = jobs.find(record.job);
  if (job == jobs.end()) throw DecodeError("its job is not in the store");
  return job->second;
}

void StoreRows::load(const RowRef& ref, const RowMeta& meta) {
  if (meta.kind != RowKind::Piece) before_ = ref;
  switch (meta.kind) {
    case RowKind::Opened: {
      const auto record = decode_record<record::Opened>(meta.body);
      JobRows& job = jobs[record.job];
      set_once(job.opened, ref);
      job.detached = record.spec.detached;
      break;
    }
    case RowKind::Appended: {
      const auto record = decode_record<record::Appended>(meta.body);
      const BatchRow batch{ref, record.count, record.count};
      if (!job_of(record).batches.emplace(record.first, batch).second)
        throw DecodeError("there are two of its kind");
      break;
    }
    case RowKind::Closed: set_once(job_of(decode_record<record::Closed>(meta.body)).closed, ref); break;
    case RowKind::HandedOut:
      set_once(job_of(decode_record<record::HandedOut>(meta.body)).handed_out, ref);
      break;
    case RowKind::Attempts:
      for (const Record& each : decode_attempts(meta.body)) {
        const auto* fence = std::get_if<record::Fenced>(&each);
        JobRows& job = fence != nullptr ? job_of(*fence) : job_of(std::get<record::Attempted>(each));
        if (job.attempts.empty() || job.attempts.back().row != ref.row) job.attempts.push_back(ref);
      }
      break;
    case RowKind::Finished: {
      const auto record = decode_record<record::Finished>(meta.body);
      const IndexRange tasks{record.first, record.first + record.count};
      OutcomeRow row{ref, record.position, tasks, nullptr};
      if (!record.kinds.empty())
        row.kinds = std::make_unique<DoneTasks::Kinds>(DoneTasks::count(tasks, record.kinds));
      job_of(record).outcomes.push_back(std::move(row));
      break;
    }
    case RowKind::Released: {
      const auto record = decode_record<record::Released>(meta.body);
      JobRows& job = job_of(record);
      set_once(job.released_row, ref);
      job.released = record.position;
      job.owner_read = record.owner_read;
      job.done = DoneTasks(record.done, record.kinds);
      break;
    }
    case RowKind::Summarised:
      summaries.emplace(decode_record<record::Summarised>(meta.body).summary.id, ref);
      break;
    case RowKind::Joined: set_once(workers[decode_record<record::Joined>(meta.body).peer], ref); break;
    case RowKind::Stopped: set_once(stopped, ref); break;
    case RowKind::Piece:
      if (ref.row <= before_.row || ref.row > before_.row + before_.pieces)
        throw DecodeError("it is a piece of no payload");
      break;
  }
}

void StoreRows::loaded() {
  for (auto& [id, job] : jobs) {
    if (job.detached) continue;
    const auto keep = [](const BatchRow&) {};
    for (const IndexRange& range : job.done.ranges()) job.close_tasks(range, keep);
    for (const OutcomeRow& outcome : job.outcomes) job.close_tasks(outcome.tasks, keep);
  }
}

}  // namespace zonda
