// A store on disk: its database, its head, and what is where in it. For one thread at a time; knows nothing
// of threads, queues and brokers.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "broker/core/payload.h"
#include "broker/store/data_directory.h"
#include "broker/store/database.h"
#include "broker/store/head_file.h"
#include "broker/store/row_table.h"
#include "broker/store/row_writer.h"
#include "broker/store/store_backup.h"
#include "broker/store/store_check.h"
#include "broker/store/store_rows.h"

namespace zonda {

// When is a commit acknowledged?
enum class Durability : std::uint8_t {
  Fsync,  // it is on disk
  Batch,  // it is written, and on disk within 50 ms: a power failure may lose so much
};

struct StoreOptions {
  Durability durability = Durability::Fsync;
  std::uint64_t wal_pages_max = 4'096;  // then the log is moved into the database: 16 MiB, some tens of ms
};

class StoreFile {
 public:
  // An empty store.
  static void create(const DataDirectory& directory, const StoreState& state);
  static StoreState new_state();  // of a store with an id of its own

  // Checks the whole store, and begins an epoch: on disk when this returns. Throws StoreError, naming what is
  // damaged, and then nothing was changed.
  StoreFile(DataDirectory directory, const StoreOptions& options);

  const DataDirectory& directory() const { return directory_; }
  const StoreState& state() const { return table_.state(); }
  std::chrono::nanoseconds downtime() const { return downtime_; }

  // One transaction: apply() for each commit, finish() with the number of the last.
  void apply(const std::vector<Record>& records) { writer_.apply(records); }
  void finish(std::uint64_t number);
  void sync();   // what `Batch` left to do
  void touch();  // the head, so that downtime() is known later
  void checkpoint_if_due();
  std::uint64_t free_bytes() const { return database_.free_bytes(); }
  void close();  // in order: without it, the next start has more to read

  std::unique_ptr<StoreBackup> begin_backup(const std::string& directory) {
    return std::make_unique<StoreBackup>(database_, StoreBackup::make_directory(directory));
  }

  void replay(std::uint64_t payload_bytes, const std::function<void(Record&)>& apply);
  Payload read(const PayloadName& name);

 private:
  void check();

  DataDirectory directory_;
  StoreOptions options_;
  std::chrono::nanoseconds downtime_{};
  Database database_;
  RowTable table_;
  StoreRows rows_;
  RowWriter writer_;
  HeadFile head_;
};

}  // namespace zonda
