// How what is in rows comes back as records.
#include <algorithm>

#include "broker/store/record_codec.h"
#include "broker/store/store_error.h"
#include "broker/store/store_file.h"

namespace zonda {
namespace {

template <class T>
std::vector<std::pair<JobId, const T*>> by_row(const std::unordered_map<JobId, T>& jobs) {
  std::vector<std::pair<JobId, const T*>> sorted;
  sorted.reserve(jobs.size());
  for (const auto& [id, job] : jobs) sorted.emplace_back(id, &job);
  std::sort(sorted.begin(), sorted.end(), [](const auto& one, const auto& other) {
    return one.second->opened.row < other.second->opened.row;
  });
  return sorted;
}

// A payload in the slab: lengths, values, and the kinds of outcomes behind them.
Column column_in(const Slab& slab, std::size_t count, std::size_t kinds) {
  const std::string_view bytes = slab.view();
  const std::size_t lengths = 4 * count;
  if (lengths + kinds > bytes.size()) return {};
  return {bytes.substr(0, lengths), bytes.substr(lengths, bytes.size() - lengths - kinds)};
}

std::string_view kinds_in(const Slab& slab, std::size_t kinds) {
  return slab.view().substr(slab.size() - kinds);
}

// The row of a reference must be there, or the store was changed behind our back.
template <class F>
void with_row(RowTable& table, const RowRef& ref, F&& f) {
  if (!table.load_meta(ref.row, [&](std::string_view meta) {
        if (!is_whole(meta, ref.row) || crc_of_meta(meta) != ref.crc)
          throw StoreError("row " + std::to_string(ref.row) + " is damaged");
        f(parse_meta(meta).body);
      }))
    throw StoreError("row " + std::to_string(ref.row) + " is gone");
}

}  // namespace

void StoreFile::replay(std::uint64_t payload_bytes, const std::function<void(Record&)>& apply) {
  const auto say = [&]<class T>(const RowRef& ref) {
    if (!ref) return;
    with_row(table_, ref, [&](std::string_view body) {
      Record record = decode_record<T>(body);
      apply(record);
    });
  };
  // What the budget has no room for stays where it is; the rest of the budget is spent with it.
  const auto room_for = [&](std::uint64_t bytes) {
    const bool room = bytes <= payload_bytes;
    payload_bytes -= std::min(payload_bytes, bytes);
    return room;
  };
  for (const auto& [id, job] : by_row(rows_.jobs)) {
    say.operator()<record::Opened>(job->opened);
    say.operator()<record::Released>(job->released_row);
    for (const auto& [first, batch] : job->batches)
      with_row(table_, batch.ref, [&, ref = batch.ref](std::string_view body) {
        auto appended = decode_record<record::Appended>(body);
        if (room_for(appended.bytes)) {
          appended.slab = table_.load_payload(ref, {});
          appended.arguments = column_in(appended.slab, appended.count, 0);
        }
        Record record = std::move(appended);
        apply(record);
      });
    for (const RowRef& attempts : job->attempts)
      with_row(table_, attempts, [&](std::string_view body) {
        for (Record& each : decode_attempts(body)) apply(each);
      });
    for (const OutcomeRow& outcome : job->outcomes)
      with_row(table_, outcome.ref, [&](std::string_view body) {
        auto finished = decode_record<record::Finished>(body);
        if (room_for(finished.bytes)) {
          const std::size_t kinds = finished.kinds.size();
          finished.slab = table_.load_payload(outcome.ref, finished.kinds);
          finished.outcomes = column_in(finished.slab, finished.count, kinds);
          finished.kinds = kinds_in(finished.slab, kinds);
        }
        Record record = std::move(finished);
        apply(record);
      });
    say.operator()<record::HandedOut>(job->handed_out);
    say.operator()<record::Closed>(job->closed);
  }
  std::vector<RowRef> summaries;
  for (const auto& [id, ref] : rows_.summaries) summaries.push_back(ref);
  std::sort(summaries.begin(), summaries.end(),
            [](const RowRef& one, const RowRef& other) { return one.row < other.row; });
  for (const RowRef& ref : summaries) say.operator()<record::Summarised>(ref);
  for (const auto& [peer, ref] : rows_.workers) say.operator()<record::Joined>(ref);
  say.operator()<record::Stopped>(rows_.stopped);
}

Payload StoreFile::read(const PayloadName& name) {
  Payload payload{name, {}, {}, {}};
  const auto at = rows_.jobs.find(name.job);
  if (at == rows_.jobs.end()) return payload;
  const JobRows& job = at->second;
  if (name.what == PayloadName::What::Arguments) {
    const auto batch = job.batches.find(name.place);
    if (batch == job.batches.end()) return payload;
    payload.slab = table_.load_payload(batch->second.ref, {});
    payload.column = column_in(payload.slab, batch->second.count, 0);
    return payload;
  }
  const auto outcome =
      std::lower_bound(job.outcomes.begin(), job.outcomes.end(), name.place,
                       [](const OutcomeRow& row, std::uint64_t position) { return row.position < position; });
  if (outcome == job.outcomes.end() || outcome->position != name.place) return payload;
  with_row(table_, outcome->ref, [&](std::string_view body) {
    const std::string_view kinds = decode_record<record::Finished>(body).kinds;
    payload.slab = table_.load_payload(outcome->ref, kinds);
    payload.kinds = kinds_in(payload.slab, kinds.size());
    payload.column = column_in(payload.slab, outcome->tasks.size(), kinds.size());
  });
  return payload;
}

}  // namespace zonda
