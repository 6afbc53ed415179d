// What can still be read of a damaged store, sorted by job.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "broker/store/row.h"
#include "broker/store/store_check.h"
#include "broker/store/store_pages.h"

namespace zonda {

template <class T>
struct Salvaged {
  RowRef ref;
  T record;
};

struct SalvagedJob {
  std::optional<record::Opened> opened;
  std::optional<record::Released> released;
  std::optional<record::HandedOut> handed_out;
  std::optional<record::Closed> closed;
  std::vector<Record> attempts;
  std::map<std::uint64_t, Salvaged<record::Appended>> batches;   // by first task
  std::map<std::uint64_t, Salvaged<record::Finished>> outcomes;  // by position; `kinds` in kinds_of
  std::map<std::uint64_t, std::string> kinds_of;                 // by position
  std::uint64_t opened_row = 0;
  std::uint64_t rows = 0;
};

class SalvagedRows {
 public:
  // Every row that is whole, wherever it is, and what was lost. `written` is what there should be.
  SalvagedRows(const StorePages& pages, const std::optional<StoreState>& written, Findings& lost);

  std::map<JobId, SalvagedJob> jobs;
  std::map<std::uint64_t, const SalvagedJob*> in_order() const;  // of their opening
  std::vector<Record> summaries;
  std::vector<Record> workers;
  std::optional<record::Stopped> stopped;

  std::uint64_t found() const { return rows_.size(); }
  bool is_all() const { return is_all_; }  // these are the rows that were written, no more and no fewer
  // The payload with `more` behind it. Nothing: it is not what was written.
  std::optional<Slab> load_payload(const RowRef& ref, std::string_view more) const;

 private:
  struct Row {
    TableCell cell;
    std::string meta;
    std::uint64_t payload_at = 0;
  };

  void find(const StorePages::Numbers& without);
  void find_in(std::uint32_t page);
  void keep_pages(const StorePages::Numbers& pages);
  void compare_with(const std::optional<StoreState>& written);
  void tell_what_is_missing(const std::optional<StoreState>& written);
  void take(std::uint64_t row, std::string_view bytes);
  void sort(const RowRef& ref, const RowMeta& meta);
  void drop_headless_jobs();
  SalvagedJob& job_of(const JobId& id);

  const StorePages& pages_;
  Findings& lost_;
  std::map<std::uint64_t, Row> rows_;     // those that are whole
  std::map<std::uint64_t, Row> damaged_;  // or there in two versions
  bool is_all_ = false;
};

}  // namespace zonda
