#include "broker/store/salvaged_rows.h"

#include <zonda/detail/reader.h>

#include <algorithm>

#include "broker/store/record_codec.h"
#include "broker/store/row_description.h"
#include "broker/store/store_error.h"

namespace zonda {

// From both ends up to what cannot be read, and then one by one what may lie between.
SalvagedRows::SalvagedRows(Database& database, RowTable& table, Findings& lost) : lost_(lost) {
  constexpr std::uint64_t kLookUpsMax = 10'000'000;
  std::uint64_t next_row = table.state().next_row;
  try {
    scan(database, "SELECT row, meta FROM rows ORDER BY row");
  } catch (const StoreError& error) {
    lost_.add(error.what());
    const std::uint64_t from = metas_.empty() ? 1 : metas_.rbegin()->first + 1;
    try {
      scan(database, "SELECT row, meta FROM rows ORDER BY row DESC");
    } catch (const StoreError&) {
    }
    const auto above = metas_.lower_bound(from);
    const std::uint64_t to = above == metas_.end() ? next_row : above->first;
    for (std::uint64_t row = from; row < std::min(to, from + kLookUpsMax); ++row) {
      try {
        table.load_meta(row, [&](std::string_view meta) { metas_.emplace(row, meta); });
      } catch (const StoreError&) {
      }
    }
  }
  for (const auto& [row, meta] : metas_) take(row, meta);
  for (auto job = jobs.begin(); job != jobs.end();) {
    if (job->second.opened) {
      ++job;
    } else {
      lost_.add("job " + to_string(job->first) + ": its opening is lost, and with it " +
                std::to_string(job->second.rows) + " rows");
      job = jobs.erase(job);
    }
  }
}

std::map<std::uint64_t, const SalvagedJob*> SalvagedRows::in_order() const {
  std::map<std::uint64_t, const SalvagedJob*> sorted;
  for (const auto& [id, job] : jobs) sorted[job.opened_row] = &job;
  return sorted;
}

void SalvagedRows::scan(Database& database, const char* sql) {
  Statement all(database, sql);
  while (all.step()) metas_.emplace(all.integer(0), all.blob(1));
}

void SalvagedRows::take(std::uint64_t row, std::string_view bytes) {
  if (!is_whole(bytes, row)) return lost_.add(describe_row(row, bytes) + " is not what was written");
  try {
    const RowMeta meta = parse_meta(bytes);
    sort({row, crc_of_meta(bytes), pieces_of(meta.payload_bytes)}, meta);
  } catch (const detail::DecodeError& error) {
    lost_.add(describe_row(row, bytes) + " makes no sense: " + error.what());
  }
}

SalvagedJob& SalvagedRows::job_of(const JobId& id) {
  SalvagedJob& job = jobs[id];
  ++job.rows;
  return job;
}

void SalvagedRows::sort(const RowRef& ref, const RowMeta& meta) {
  const auto keep = [&]<class T>(std::optional<T> SalvagedJob::*place) {
    T record = decode_record<T>(meta.body);
    SalvagedJob& job = job_of(record.job);
    job.*place = std::move(record);
  };
  switch (meta.kind) {
    case RowKind::Opened: {
      keep(&SalvagedJob::opened);
      jobs[decode_record<record::Opened>(meta.body).job].opened_row = ref.row;
      return;
    }
    case RowKind::Closed: return keep(&SalvagedJob::closed);
    case RowKind::HandedOut: return keep(&SalvagedJob::handed_out);
    case RowKind::Released: return keep(&SalvagedJob::released);
    case RowKind::Appended: {
      const auto record = decode_record<record::Appended>(meta.body);
      job_of(record.job).batches.emplace(record.first, Salvaged<record::Appended>{ref, record});
      return;
    }
    case RowKind::Finished: {
      auto record = decode_record<record::Finished>(meta.body);
      SalvagedJob& job = job_of(record.job);
      job.kinds_of[record.position] = record.kinds;
      record.kinds = {};
      job.outcomes.emplace(record.position, Salvaged<record::Finished>{ref, record});
      return;
    }
    case RowKind::Attempts:
      for (Record& each : decode_attempts(meta.body)) {
        const auto* fence = std::get_if<record::Fenced>(&each);
        job_of(fence != nullptr ? fence->job : std::get<record::Attempted>(each).job)
            .attempts.push_back(std::move(each));
      }
      return;
    case RowKind::Summarised: return summaries.push_back(decode_record<record::Summarised>(meta.body));
    case RowKind::Joined: return others.push_back(decode_record<record::Joined>(meta.body));
    case RowKind::Stopped: return others.push_back(decode_record<record::Stopped>(meta.body));
    case RowKind::Piece: return;  // comes with the row before it
  }
}

}  // namespace zonda
