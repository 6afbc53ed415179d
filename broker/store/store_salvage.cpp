#include <unistd.h>
#include <zonda/task_report.h>

#include <algorithm>
#include <chrono>

#include "broker/store/row_writer.h"
#include "broker/store/salvaged_rows.h"
#include "broker/store/store_backup.h"
#include "broker/store/store_error.h"
#include "broker/store/store_file.h"
#include "broker/store/store_inspection.h"
#include "proto/limits.h"
#include "proto/report.h"

namespace zonda {
namespace {

// Outcomes that say that these tasks were lost. The views are into the slab.
record::Finished lost_tasks(const JobId& job, std::uint64_t position, IndexRange tasks, UtcTime at) {
  TaskReport report;
  report.kind = TaskReport::lost;
  report.type = "StoreDamaged";
  report.message = "what the broker had stored of this task was damaged";
  const std::string told = encode_report(report);
  const auto length = static_cast<std::uint32_t>(told.size());
  std::string head;
  std::string values;
  for (std::uint64_t left = tasks.size(); left > 0; --left) {
    head.append(reinterpret_cast<const char*>(&length), sizeof length);
    values += told;
  }
  head.append(tasks.size(), static_cast<char>(TaskReport::lost));
  record::Finished record;
  record.job = job;
  record.position = position;
  record.first = tasks.lo;
  record.count = static_cast<std::uint32_t>(tasks.size());
  record.at = at;
  record.slab = Slab(head, values);
  record.bytes = record.slab.size();
  const std::string_view bytes = record.slab.view();
  const std::size_t lengths = 4 * tasks.size();
  record.kinds = bytes.substr(lengths, tasks.size());
  record.outcomes = {bytes.substr(0, lengths), bytes.substr(lengths + tasks.size())};
  return record;
}

// Writes what was salvaged of jobs, one after the other, into a new store.
class Salvage {
 public:
  Salvage(const SalvagedRows& from, RowTable& to, Findings& lost)
      : from_(from), to_(to), writer_(to, rows_), lost_(lost) {}

  void copy_all(bool newest);

 private:
  void copy(const JobId& id, const SalvagedJob& job, bool newest);
  void copy(const std::vector<Record>& records) {
    to_.begin();
    writer_.apply(records);
    writer_.write();
    to_.commit(to_.state().commit + 1);
  }
  void copy_batches(const SalvagedJob& job);
  void copy_outcomes(const JobId& id, const SalvagedJob& job);
  std::uint64_t end_missing(const JobId& id, const SalvagedJob& job);
  void lose(const JobId& id, IndexRange tasks, UtcTime at);
  Slab load(const RowRef& ref, std::string_view more, const std::string& what);

  const SalvagedRows& from_;
  RowTable& to_;
  StoreRows rows_;
  RowWriter writer_;
  Findings& lost_;
  void know(IndexRange tasks) { known_.add(tasks, DoneTasks::Kinds{}); }

  DoneTasks known_;  // tasks of the job at hand that have arguments or an outcome
  std::uint64_t position_ = 0;
  bool is_shifted_ = false;  // outcomes before it are missing, or others: no reader's position is right
};

std::string text_of(const JobId& job, IndexRange tasks) {
  return "job " + to_string(job) + ", tasks [" + std::to_string(tasks.lo) + "," + std::to_string(tasks.hi) +
         ")";
}

// Empty if it is damaged: that is told.
Slab Salvage::load(const RowRef& ref, std::string_view more, const std::string& what) {
  if (auto slab = from_.load_payload(ref, more)) return *std::move(slab);
  lost_.add(what + " not what was written");
  return {};
}

void Salvage::copy_all(bool newest) {
  copy(from_.summaries);  // before the jobs: one can be opened again
  for (const auto& [row, job] : from_.in_order()) copy(job->opened->job, *job, newest);
  std::vector<Record> others = from_.workers;
  if (newest && from_.stopped) others.push_back(*from_.stopped);
  copy(others);
}

// Of an older state nobody knows what was handed out since: all may have been.
void Salvage::copy(const JobId& id, const SalvagedJob& job, bool newest) {
  known_ = {};
  position_ = 0;
  is_shifted_ = false;
  copy({*job.opened});
  if (job.released) {
    JobRows& rows = rows_.jobs.at(id);
    rows.done = DoneTasks(job.released->done, job.released->kinds);
    position_ = job.released->position;
    for (const IndexRange& range : job.released->done) know(range);
    copy({*job.released});
  }
  copy_batches(job);
  copy_outcomes(id, job);
  const std::uint64_t count = end_missing(id, job);
  copy(job.attempts);
  if (job.handed_out || !newest) {
    record::HandedOut handed_out = job.handed_out.value_or(record::HandedOut{id, 0, job.opened->at});
    if (!newest) handed_out.upto = std::max(handed_out.upto, count);
    if (job.handed_out || handed_out.upto > 0) copy({handed_out});
  }
  if (job.closed) copy({*job.closed});
}

void Salvage::copy_batches(const SalvagedJob& job) {
  for (const auto& [first, batch] : job.batches) {
    record::Appended record = batch.record;
    const IndexRange tasks{first, first + record.count};
    record.slab = load(batch.ref, {}, text_of(record.job, tasks) + ": their arguments are");
    const std::size_t lengths = 4 * std::size_t{record.count};
    if (record.slab.size() < lengths) continue;
    const std::string_view bytes = record.slab.view();
    record.arguments = {bytes.substr(0, lengths), bytes.substr(lengths)};
    know(tasks);
    copy({record});
  }
}

void Salvage::copy_outcomes(const JobId& id, const SalvagedJob& job) {
  // The first may be half released.
  if (!job.outcomes.empty()) position_ = std::min(position_, job.outcomes.begin()->first);
  std::uint64_t expected = position_;
  for (const auto& [position, outcome] : job.outcomes) {
    record::Finished record = outcome.record;
    const std::string& kinds = job.kinds_of.at(position);
    const IndexRange tasks{record.first, record.first + record.count};
    record.slab = load(outcome.ref, kinds, text_of(id, tasks) + ": their outcomes are");
    const std::size_t lengths = 4 * std::size_t{record.count};
    is_shifted_ = is_shifted_ || position != expected;
    if (position != expected)
      lost_.add("job " + to_string(id) + ": outcomes before position " + std::to_string(position));
    expected = position + record.count;
    if (record.slab.size() < lengths + kinds.size()) {
      lose(id, tasks, record.at);
      continue;
    }
    const std::string_view bytes = record.slab.view();
    record.position = position_;
    if (is_shifted_) record.epoch = 0;
    record.outcomes = {bytes.substr(0, lengths),
                       bytes.substr(lengths, bytes.size() - lengths - kinds.size())};
    record.kinds = bytes.substr(bytes.size() - kinds.size());
    know(tasks);
    position_ += record.count;
    copy({record});
  }
}

void Salvage::lose(const JobId& id, IndexRange tasks, UtcTime at) {
  is_shifted_ = true;
  know(tasks);
  for (std::uint64_t lo = tasks.lo; lo < tasks.hi; lo += kFrameTasks) {
    const IndexRange part{lo, std::min<std::uint64_t>(tasks.hi, lo + kFrameTasks)};
    copy({lost_tasks(id, position_, part, at)});
    position_ += part.size();
  }
}

// Tasks of which nothing is left: neither arguments to run them with, nor an outcome. Returns how many tasks
// there are.
std::uint64_t Salvage::end_missing(const JobId& id, const SalvagedJob& job) {
  std::uint64_t count = job.closed ? job.closed->count : 0;
  for (const auto& [first, batch] : job.batches) count = std::max(count, first + batch.record.count);
  for (const IndexRange& range : known_.ranges()) count = std::max(count, range.hi);
  std::vector<IndexRange> missing;
  std::uint64_t lo = 0;
  for (const IndexRange& range : known_.ranges()) {
    if (range.lo > lo) missing.push_back({lo, range.lo});
    lo = range.hi;
  }
  if (lo < count) missing.push_back({lo, count});
  for (const IndexRange& range : missing) {
    lost_.add(text_of(id, range) + ": end as lost");
    lose(id, range, job.opened->at);
  }
  return count;
}

// Counts on from what either the database or the head knows, so that no token is ever given twice.
StoreState state_after(const std::optional<StoreState>& state, const std::optional<StoreState>& head) {
  StoreState next = StoreFile::new_state();
  if (head) next.store = head->store;
  if (state) next.store = state->store;
  for (const auto& each : {state, head}) {
    if (!each) continue;
    next.epoch = std::max(next.epoch, each->epoch);
    next.commit = std::max(next.commit, each->commit);
  }
  return next;
}

std::optional<StoreState> head_of(const DataDirectory& directory) try {
  return HeadFile::read(directory.head());
} catch (const StoreError&) {
  return std::nullopt;
}

void remove_remains(const DataDirectory& target) {
  for (const char* end : {"", "-wal", "-journal"}) unlink((target.new_database() + end).c_str());
}

// Whatever happens on the way, the new directory has a store only when it has all of it.
void write_new(const DataDirectory& target, const StoreState& begin, const SalvagedRows& rows, bool newest,
               Findings& lost, StoreReport& report) {
  remove_remains(target);
  {
    Database database(target.new_database(), Database::Access::Create);
    RowTable::create(database, begin);
    database.use_wal(false);
    RowTable into(database);
    Salvage(rows, into, lost).copy_all(newest);
    report.state = into.state();
    database.checkpoint(true);
    database.delete_wal_at_close();
  }
  HeadFile::create(target.new_head(), report.state);
  target.install();
}

bool is_behind(const std::optional<StoreState>& state, const std::optional<StoreState>& head) {
  return head && (!state || (state->store == head->store && state->commit < head->commit));
}

}  // namespace

StoreReport salvage_store(const std::string& path, const std::string& to) {
  const DataDirectory directory = DataDirectory::open_damaged(path);
  const auto head = head_of(directory);
  StorePages pages(directory.database());
  auto state = pages.state();
  if (is_behind(state, head) && pages.read_on()) state = pages.state();

  Findings lost;
  if (state || !head) check_head(path, state.value_or(StoreState{}), head, lost);
  const auto written = state ? state : head;
  const SalvagedRows rows(pages, written, lost);
  if (rows.found() == 0 && (!written || written->rows > 0 || (head && head->rows > 0)))
    throw StoreError("nothing of the store in " + path + " can be read", "restore a backup");

  const bool newest = rows.is_all() && head && written->commit >= head->commit;
  const DataDirectory target = StoreBackup::make_directory(to);
  StoreReport report;
  write_new(target, state_after(state, head), rows, newest, lost, report);
  report.jobs = rows.jobs.size();
  report.wrong = lost.list();
  report.wrong_count = lost.count();
  return report;
}

}  // namespace zonda
