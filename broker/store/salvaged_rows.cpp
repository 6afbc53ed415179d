#include "broker/store/salvaged_rows.h"

#include <zonda/detail/reader.h>

#include <algorithm>

#include "broker/store/crc32c.h"
#include "broker/store/record_codec.h"
#include "broker/store/row_description.h"

namespace zonda {

SalvagedRows::SalvagedRows(const StorePages& pages, const std::optional<StoreState>& written, Findings& lost)
    : pages_(pages), lost_(lost) {
  const auto free = pages.free_pages();
  find(free.value_or(StorePages::Numbers{}));
  compare_with(written);
  if (!is_all_ && !free) {  // what was given up long ago may be among them
    keep_pages(pages.tree_pages());
    compare_with(written);
    lost_.add("page 1 is damaged: rows were taken only from where the tree of pages leads");
  }
  if (!is_all_) tell_what_is_missing(written);
  for (const auto& [row, found] : rows_) take(row, found.meta);
  drop_headless_jobs();
}

void SalvagedRows::find(const StorePages::Numbers& without) {
  for (std::uint32_t page = 2; page <= pages_.count(); ++page) {
    if (!without.contains(page)) find_in(page);
  }
  for (const auto& [row, found] : rows_) damaged_.erase(row);
}

// The kind of the tree's first page is believed in only if it fits: it is never part of a payload.
void SalvagedRows::find_in(std::uint32_t number) {
  const std::string page = pages_.read(number);
  const PageKind kind = kind_of_page(page);
  if (kind != PageKind::Rows && (kind != PageKind::Other || number != StorePages::kRowsRoot)) return;
  for (const TableCell& cell : cells_of(page, number)) {
    constexpr std::uint64_t kShapeBytes = 32;
    const RecordShape shape = shape_of(pages_.read(cell, 0, kShapeBytes));
    if (shape.blobs.size() != 2 || shape.blobs[0] > cell.bytes ||
        shape.begin + shape.blobs[0] + shape.blobs[1] != cell.bytes)
      continue;
    Row row{cell, pages_.read(cell, shape.begin, shape.blobs[0]), shape.begin + shape.blobs[0]};
    const auto other = rows_.find(cell.row);
    const bool whole = is_whole(row.meta, cell.row);
    if (whole && other != rows_.end() && other->second.meta != row.meta) {
      damaged_.emplace(cell.row, std::move(row));
      rows_.erase(other);
    } else {
      (whole ? rows_ : damaged_).emplace(cell.row, std::move(row));
    }
  }
}

void SalvagedRows::keep_pages(const StorePages::Numbers& pages) {
  const auto is_elsewhere = [&](const auto& each) { return !pages.contains(each.second.cell.page); };
  std::erase_if(rows_, is_elsewhere);
  std::erase_if(damaged_, is_elsewhere);
}

void SalvagedRows::compare_with(const std::optional<StoreState>& written) {
  RowSum sum;
  for (const auto& [row, found] : rows_) sum.add(row, crc_of_meta(found.meta));
  is_all_ = written && written->rows == rows_.size() && written->sum == sum;
}

void SalvagedRows::tell_what_is_missing(const std::optional<StoreState>& written) {
  for (const auto& [row, found] : damaged_)
    lost_.add(describe_row(row, found.meta) +
              (is_whole(found.meta, row) ? " is there in two versions" : " is not what was written"));
  const std::uint64_t known = rows_.size() + damaged_.size();
  if (!written)
    lost_.add("nobody can tell how many rows there were, and so what else is missing");
  else if (known < written->rows)
    lost_.add("rows that are gone without a trace: " + std::to_string(written->rows - known) + " of " +
              std::to_string(written->rows) +
              "; nobody can tell which jobs they were of, and tasks that had ended may run again");
  else if (damaged_.empty())
    lost_.add("the rows are not those that were written last: tasks that had ended may run again");
}

void SalvagedRows::drop_headless_jobs() {
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

std::optional<Slab> SalvagedRows::load_payload(const RowRef& ref, std::string_view more) const {
  std::string payload;
  for (std::uint32_t piece = 0; piece <= ref.pieces; ++piece) {
    const auto found = rows_.find(ref.row + piece);
    if (found == rows_.end()) return std::nullopt;
    const auto& [cell, meta, at] = found->second;
    const std::string bytes = pages_.read(cell, at, cell.bytes - at);
    if (bytes.size() != cell.bytes - at || crc32c(bytes) != parse_meta(meta).payload_crc) return std::nullopt;
    payload += bytes;
  }
  return Slab(payload, more);
}

std::map<std::uint64_t, const SalvagedJob*> SalvagedRows::in_order() const {
  std::map<std::uint64_t, const SalvagedJob*> sorted;
  for (const auto& [id, job] : jobs) sorted[job.opened_row] = &job;
  return sorted;
}

void SalvagedRows::take(std::uint64_t row, std::string_view bytes) {
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
    case RowKind::Joined: return workers.push_back(decode_record<record::Joined>(meta.body));
    case RowKind::Stopped: stopped = decode_record<record::Stopped>(meta.body); return;
    case RowKind::Piece: return;  // comes with the row before it
  }
}

}  // namespace zonda
