// What can still be read of a damaged store, sorted by job.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "broker/store/row_table.h"
#include "broker/store/store_check.h"

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
  // Reads around what cannot be read, and says what that was.
  SalvagedRows(Database& database, RowTable& table, Findings& lost);

  std::map<JobId, SalvagedJob> jobs;
  std::map<std::uint64_t, const SalvagedJob*> in_order() const;  // of their opening
  std::vector<Record> summaries;
  std::vector<Record> others;  // workers, the last stop

 private:
  void scan(Database& database, const char* sql);
  void take(std::uint64_t row, std::string_view bytes);
  void sort(const RowRef& ref, const RowMeta& meta);
  SalvagedJob& job_of(const JobId& id);

  Findings& lost_;
  std::map<std::uint64_t, std::string> metas_;
};

}  // namespace zonda
