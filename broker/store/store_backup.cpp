#include "broker/store/store_backup.h"

#include <sqlite3.h>
#include <unistd.h>

#include <utility>

#include "broker/store/store_check.h"
#include "broker/store/store_error.h"

namespace zonda {

DataDirectory StoreBackup::make_directory(const std::string& path) {
  DataDirectory directory = DataDirectory::open(path, true, std::chrono::milliseconds(0));
  if (directory.has_store()) throw StoreRefused(path + " has a store already", "choose another directory");
  return directory;
}

StoreBackup::StoreBackup(Database& from, DataDirectory to) : to_(std::move(to)) {
  unlink(to_.new_database().c_str());
  copy_ = std::make_unique<Database>(to_.new_database(), Database::Access::Create);
  copy_->run("PRAGMA synchronous = FULL");
  backup_ = sqlite3_backup_init(copy_->handle(), "main", from.handle(), "main");
  if (backup_ == nullptr) copy_->fail("write");
}

StoreBackup::~StoreBackup() {
  if (backup_ != nullptr) sqlite3_backup_finish(backup_);
}

bool StoreBackup::step() {
  constexpr int kPages = 256;  // 1 MiB: commits wait for no more than that
  const int error = sqlite3_backup_step(backup_, kPages);
  if (error == SQLITE_OK || error == SQLITE_BUSY || error == SQLITE_LOCKED) return false;
  if (error == SQLITE_DONE) return true;
  throw StoreError("cannot copy to " + copy_->path() + ": " + sqlite3_errstr(error));
}

void StoreBackup::close(const StoreState& state) {
  if (sqlite3_backup_finish(std::exchange(backup_, nullptr)) != SQLITE_OK) copy_->fail("write");
  copy_.reset();
  state_ = state;
}

void StoreBackup::finish(const std::atomic<bool>& interrupted) {
  check(interrupted);
  HeadFile::create(to_.new_head(), state_);
  to_.install();
}

// Pages are copied without a look at what is on them.
void StoreBackup::check(const std::atomic<bool>& interrupted) const {
  const std::string path = to_.new_database();
  Findings findings;
  try {
    Database copy(path, Database::Access::ReadAlone);
    RowTable table(copy);
    StoreRows rows;
    check_head(to_.path(), table.state(), state_, findings);
    check_rows(table, Payloads::Check, rows, findings, interrupted);
  } catch (const StoreError& error) {
    if (interrupted) {
      unlink(path.c_str());
      throw;
    }
    findings.add(error.what());
  }
  if (findings.empty()) return;
  unlink(path.c_str());
  throw StoreError(
      "the store is damaged, or became so while it was copied: " + findings.text(),
      "'zonda broker verify' names all that is damaged, 'zonda broker salvage' copies what is whole");
}

}  // namespace zonda
