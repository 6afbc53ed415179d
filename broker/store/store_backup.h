// A copy of a store in another directory, made while the store goes on.
#pragma once

#include <atomic>
#include <memory>

#include "broker/store/data_directory.h"
#include "broker/store/database.h"
#include "broker/store/head_file.h"

struct sqlite3_backup;

namespace zonda {

class StoreBackup {
 public:
  // Where it is to be. Throws StoreError if something is there already.
  static DataDirectory make_directory(const std::string& path);

  StoreBackup(Database& from, DataDirectory to);
  ~StoreBackup();
  StoreBackup(const StoreBackup&) = delete;
  StoreBackup& operator=(const StoreBackup&) = delete;

  // Copies some pages, in no transaction; what `from` commits between two steps is in the copy. True: that
  // was all.
  bool step();
  // After the last step and before the next commit: the copy is of this state.
  void close(const StoreState& state);
  // Then, on any thread: reads all of it, and throws StoreError if it is not whole; it is a store only after
  // that.
  void finish(const std::atomic<bool>& interrupted);

 private:
  void check(const std::atomic<bool>& interrupted) const;

  DataDirectory to_;
  StoreState state_;
  std::unique_ptr<Database> copy_;
  sqlite3_backup* backup_ = nullptr;
};

}  // namespace zonda
