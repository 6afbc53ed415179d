#include "broker/store/store_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "broker/store/store_error.h"

namespace zonda {
namespace {

std::uint64_t size_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::chrono::nanoseconds age_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return {};
  const auto then =
      std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::max(std::chrono::nanoseconds(0),
                  std::chrono::duration_cast<std::chrono::nanoseconds>(now) - then);
}

// By the clock, and never back: a store that was brought back from a copy does not repeat the epochs that
// peers met since the copy was made.
std::uint64_t next_epoch(std::uint64_t last) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  return std::max(last + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0)));
}

}  // namespace

StoreState StoreFile::new_state() {
  std::random_device random;
  StoreState state;
  for (std::uint8_t& byte : state.store.bytes) byte = static_cast<std::uint8_t>(random());
  return state;
}

void StoreFile::create(const DataDirectory& directory, const StoreState& state) {
  for (const std::string& old : {directory.new_database(), directory.new_database() + "-journal"})
    unlink(old.c_str());
  HeadFile::create(directory.new_head(), state);
  {
    Database database(directory.new_database(), Database::Access::Create);
    database.run("PRAGMA synchronous = FULL");
    RowTable::create(database, state);
  }
  directory.install();
}

StoreFile::StoreFile(DataDirectory directory, const StoreOptions& options)
    : directory_(std::move(directory)),
      options_(options),
      downtime_(age_of(directory_.head())),
      database_(directory_.database(), Database::Access::Write),
      table_(database_),
      writer_(table_, rows_),
      head_(directory_.head()) {
  check();
  database_.use_wal(true);
  table_.begin();
  table_.set_epoch(next_epoch(state().epoch));
  table_.commit(state().commit + 1);
  head_.write(state());
  head_.sync();
  if (options_.durability == Durability::Batch) database_.use_wal(false);
}

void StoreFile::check() {
  Findings findings;
  check_head(directory_.path(), state(), HeadFile::read(directory_.head()), findings);
  // It reads every page: some seconds a GiB. Beyond that `zonda broker verify` does; what it alone would have
  // found shows as rows and payloads that do not fit their CRC.
  constexpr std::uint64_t kCheckedBytesMax = 1 << 30;
  if (size_of(directory_.database()) <= kCheckedBytesMax) check_pages(database_, findings);
  check_rows(table_, Payloads::Skip, rows_, findings);
  if (!findings.empty())
    throw StoreError("the store in " + directory_.path() + " is damaged: " + findings.text());
}

void StoreFile::finish(std::uint64_t number) {
  table_.begin();
  writer_.write();
  table_.commit(number);
  if (options_.durability == Durability::Fsync) head_.write(state());
}

void StoreFile::sync() {
  database_.sync_wal();
  head_.write(state());
}

void StoreFile::touch() { head_.touch(); }

void StoreFile::checkpoint_if_due() {
  if (database_.wal_pages() > options_.wal_pages_max) database_.checkpoint(false);
}

void StoreFile::close() {
  database_.checkpoint(true);
  database_.delete_wal_at_close();
  head_.write(state());
  head_.sync();
}

}  // namespace zonda
