#include "broker/store/row_writer.h"

#include <algorithm>
#include <utility>

#include "proto/assert.h"

namespace zonda {
namespace {

PayloadParts payload_of(const Record& any) {
  if (const auto* batch = std::get_if<record::Appended>(&any))
    return {batch->arguments.lengths, batch->arguments.payloads};
  if (const auto* outcome = std::get_if<record::Finished>(&any))
    return {outcome->outcomes.lengths, outcome->outcomes.payloads};
  return {};
}

RowKind kind_of(const Record& any) {
  if (std::holds_alternative<record::Opened>(any)) return RowKind::Opened;
  if (std::holds_alternative<record::Appended>(any)) return RowKind::Appended;
  if (std::holds_alternative<record::Finished>(any)) return RowKind::Finished;
  ZONDA_ASSERT(std::holds_alternative<record::Summarised>(any));
  return RowKind::Summarised;
}

}  // namespace

void RowWriter::apply(const std::vector<Record>& records) {
  if (records.empty()) return;
  stopped_ = nullptr;
  remove(rows_.stopped);
  for (const Record& any : records) std::visit([&](const auto& record) { apply_one(any, record); }, any);
}

JobRows& RowWriter::job(const JobId& id) {
  const auto at = rows_.jobs.find(id);
  ZONDA_ASSERT(at != rows_.jobs.end());
  return at->second;
}

RowWriter::Changes& RowWriter::changes(const JobId& id) {
  ZONDA_ASSERT(rows_.jobs.contains(id));
  return changes_[id];
}

void RowWriter::add(RowRef& ref, const Record& record, std::uint64_t payload_bytes) {
  ref = table_.reserve(payload_bytes);
  fresh_.push_back({&ref, &record, ref.row});
}

// A row of this transaction is not written at all.
void RowWriter::remove(RowRef& ref) {
  if (!ref) return;
  if (fresh_.empty() || ref.row < fresh_.front().row) {
    gone_.push_back(ref);
  } else {
    const auto at = std::lower_bound(fresh_.begin(), fresh_.end(), ref.row,
                                     [](const Fresh& fresh, std::uint64_t row) { return fresh.row < row; });
    at->record = nullptr;
  }
  ref = {};
}

void RowWriter::remove_job(const JobId& id) {
  const auto at = rows_.jobs.find(id);
  if (at == rows_.jobs.end()) return;
  JobRows& job = at->second;
  for (RowRef* each : {&job.opened, &job.released_row, &job.handed_out, &job.closed}) remove(*each);
  for (auto& [first, batch] : job.batches) remove(batch.ref);
  for (RowRef& attempts : job.attempts) remove(attempts);
  for (OutcomeRow& outcome : job.outcomes) remove(outcome.ref);
  rows_.jobs.erase(at);
  changes_.erase(id);
}

void RowWriter::apply_one(const Record& any, const record::Opened& record) {
  JobRows& job = rows_.jobs[record.job];
  ZONDA_ASSERT(!job.opened);
  job.detached = record.spec.detached;
  add(job.opened, any, 0);
}

void RowWriter::apply_one(const Record& any, const record::Appended& record) {
  BatchRow& batch = job(record.job).batches[record.first];
  ZONDA_ASSERT(!batch.ref);
  batch.count = record.count;
  batch.open = record.count;
  add(batch.ref, any, payload_of(any).size());
}

void RowWriter::apply_one(const Record& any, const record::Finished& record) {
  JobRows& job = this->job(record.job);
  const IndexRange tasks{record.first, record.first + record.count};
  if (!job.detached) job.close_tasks(tasks, [&](BatchRow& batch) { remove(batch.ref); });
  OutcomeRow& row = job.outcomes.emplace_back();
  row.position = record.position;
  row.tasks = tasks;
  if (!record.kinds.empty())
    row.kinds = std::make_unique<DoneTasks::Kinds>(DoneTasks::count(tasks, record.kinds));
  add(row.ref, any, payload_of(any).size());
}

void RowWriter::apply_one(const Record&, const record::Released& record) {
  JobRows& job = this->job(record.job);
  job.released = std::max(job.released, record.position);
  job.owner_read = std::max(job.owner_read, record.owner_read);
  while (!job.outcomes.empty() &&
         job.outcomes.front().position + job.outcomes.front().tasks.size() <= job.released) {
    OutcomeRow& gone = job.outcomes.front();
    job.done.add(gone.tasks, gone.kinds ? *gone.kinds : DoneTasks::count(gone.tasks, {}));
    remove(gone.ref);
    job.outcomes.pop_front();
  }
  changes(record.job).released = true;
}

void RowWriter::apply_one(const Record& any, const record::Summarised& record) {
  remove_job(record.summary.id);
  add(rows_.summaries.emplace(record.summary.id, RowRef{})->second, any, 0);
}

void RowWriter::apply_one(const Record&, const record::Forgotten& record) {
  remove_job(record.job);
  const auto [from, to] = rows_.summaries.equal_range(record.job);
  for (auto each = from; each != to; ++each) remove(each->second);
  rows_.summaries.erase(from, to);
}

void RowWriter::apply_one(const Record& any, const record::Joined& record) { joined_[record.peer] = &any; }

void RowWriter::apply_one(const Record&, const record::Left& record) {
  joined_.erase(record.peer);
  if (const auto worker = rows_.workers.find(record.peer); worker != rows_.workers.end()) {
    remove(worker->second);
    rows_.workers.erase(worker);
  }
}

void RowWriter::write() {
  for (const RowRef& ref : gone_) table_.remove(ref);
  gone_.clear();
  for (const Fresh& fresh : fresh_) {
    if (fresh.record != nullptr) write_fresh(fresh);
  }
  fresh_.clear();
  for (const auto& [id, changed] : changes_) write_changes(id, changed);
  changes_.clear();
  for (const auto& [peer, record] : joined_) write_single(rows_.workers[peer], RowKind::Joined, *record);
  joined_.clear();
  if (stopped_ != nullptr) write_single(rows_.stopped, RowKind::Stopped, *std::exchange(stopped_, nullptr));
}

void RowWriter::write_fresh(const Fresh& fresh) {
  const Record& record = *fresh.record;
  table_.put(
      *fresh.ref, kind_of(record), [&](detail::Output& out) { encode_record(out, record); },
      payload_of(record));
}

void RowWriter::write_single(RowRef& ref, RowKind kind, const Record& record) {
  const auto body = [&](detail::Output& out) { encode_record(out, record); };
  if (ref) return table_.replace(ref, kind, body);
  ref = table_.reserve(0);
  table_.put(ref, kind, body);
}

void RowWriter::write_changes(const JobId& id, const Changes& changed) {
  JobRows& job = this->job(id);
  if (!changed.attempts.empty()) {
    RowRef& ref = job.attempts.emplace_back(table_.reserve(0));
    table_.put(ref, RowKind::Attempts, [&](detail::Output& out) { encode_attempts(out, changed.attempts); });
  }
  if (changed.handed_out != nullptr) write_single(job.handed_out, RowKind::HandedOut, *changed.handed_out);
  if (changed.closed != nullptr) write_single(job.closed, RowKind::Closed, *changed.closed);
  if (!changed.released) return;
  const record::Released released{id, job.released, job.done.ranges(), job.done.kinds(), job.owner_read};
  const auto body = [&](detail::Output& out) { encode_released(out, released); };
  if (job.released_row) return table_.replace(job.released_row, RowKind::Released, body);
  job.released_row = table_.reserve(0);
  table_.put(job.released_row, RowKind::Released, body);
}

}  // namespace zonda
