// Turns records into rows: what a transaction has to add, replace and delete. What came and went within one
// is never written.
#pragma once

#include <map>
#include <vector>

#include "broker/store/record_codec.h"
#include "broker/store/row_table.h"
#include "broker/store/store_rows.h"

namespace zonda {

class RowWriter {
 public:
  RowWriter(RowTable& table, StoreRows& rows) : table_(table), rows_(rows) {}

  // Records of one commit, which stay where they are until write().
  void apply(const std::vector<Record>& records);
  // Writes all that was applied since the last, in the transaction that is open.
  void write();

 private:
  struct Fresh {
    RowRef* ref;           // in rows_
    const Record* record;  // none: it is gone already
    std::uint64_t row;
  };
  // Of a job, in this transaction.
  struct Changes {
    const Record* handed_out = nullptr;
    const Record* closed = nullptr;
    bool released = false;
    AttemptList attempts;
  };

  void apply_one(const Record& any, const record::Opened& record);
  void apply_one(const Record& any, const record::Appended& record);
  void apply_one(const Record& any, const record::Closed& record) { changes(record.job).closed = &any; }
  void apply_one(const Record& any, const record::HandedOut& record) {
    changes(record.job).handed_out = &any;
  }
  void apply_one(const Record& any, const record::Fenced& record) {
    changes(record.job).attempts.push_back(&any);
  }
  void apply_one(const Record& any, const record::Attempted& record) {
    changes(record.job).attempts.push_back(&any);
  }
  void apply_one(const Record& any, const record::Finished& record);
  void apply_one(const Record& any, const record::Released& record);
  void apply_one(const Record& any, const record::Summarised& record);
  void apply_one(const Record& any, const record::Forgotten& record);
  void apply_one(const Record& any, const record::Joined& record);
  void apply_one(const Record& any, const record::Left& record);
  void apply_one(const Record& any, const record::Stopped&) { stopped_ = &any; }
  void apply_one(const Record&, const record::Started&) {}

  JobRows& job(const JobId& id);
  Changes& changes(const JobId& id);
  void add(RowRef& ref, const Record& record, std::uint64_t payload_bytes);
  void remove(RowRef& ref);
  void remove_job(const JobId& id);
  void write_fresh(const Fresh& fresh);
  void write_changes(const JobId& id, const Changes& changes);
  void write_single(RowRef& ref, RowKind kind, const Record& record);

  RowTable& table_;
  StoreRows& rows_;
  std::vector<RowRef> gone_;
  std::vector<Fresh> fresh_;  // by row
  std::map<JobId, Changes> changes_;
  std::map<JobId, const Record*> joined_;
  const Record* stopped_ = nullptr;
};

}  // namespace zonda
