#include "broker/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "broker/store/store_error.h"

namespace zonda {
namespace {

// A path as SQLite's URI: it alone can say that nobody else writes the file.
std::string uri_of(const std::string& path, bool alone) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += '%';
      uri += kHex[static_cast<unsigned char>(c) >> 4];
      uri += kHex[c & 15];
    } else {
      uri += c;
    }
  }
  return alone ? uri + "?immutable=1" : uri;
}

int flags_of(Database::Access access) {
  const int common = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  switch (access) {
    case Database::Access::Create: return common | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case Database::Access::Write: return common | SQLITE_OPEN_READWRITE;
    case Database::Access::ReadAlone: return common | SQLITE_OPEN_READONLY;
  }
  return common;
}

}  // namespace

Statement::Statement(const Database& database, const char* sql) : database_(database) {
  if (sqlite3_prepare_v3(database.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) !=
      SQLITE_OK)
    database.fail("read");
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int at, std::uint64_t value) {
  if (sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(value)) != SQLITE_OK)
    database_.fail("write");
  return *this;
}

Statement& Statement::bind(int at, std::string_view blob) {
  const int error = blob.empty()
                        ? sqlite3_bind_zeroblob(statement_, at, 0)
                        : sqlite3_bind_blob64(statement_, at, blob.data(), blob.size(), SQLITE_STATIC);
  if (error != SQLITE_OK) database_.fail("write");
  return *this;
}

bool Statement::step() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: database_.fail(sqlite3_stmt_readonly(statement_) != 0 ? "read" : "write");
  }
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() { sqlite3_reset(statement_); }

std::uint64_t Statement::integer(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
}

std::string_view Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  if (bytes == nullptr && size == 0 && sqlite3_errcode(database_.handle()) == SQLITE_NOMEM)
    database_.fail("read");
  return {static_cast<const char*>(bytes), bytes == nullptr ? 0 : size};
}

Database::Database(std::string path, Access access) : path_(std::move(path)) {
  if (access == Access::Create) {  // SQLite would make it readable by all, and its log like it
    const int made = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (made < 0) throw StoreError("cannot create " + path_ + ": " + std::strerror(errno));
    close(made);
  }
  const bool alone = access == Access::ReadAlone;
  const int error = sqlite3_open_v2(uri_of(path_, alone).c_str(), &handle_, flags_of(access), nullptr);
  try {
    if (error != SQLITE_OK) fail("open");
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    // First: with it the index of the log is in memory, not in a file.
    if (!alone) run("PRAGMA locking_mode = EXCLUSIVE");
    run("PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA cache_size = -16384;"
        "PRAGMA cell_size_check = ON;");
  } catch (...) {
    sqlite3_close_v2(handle_);
    throw;
  }
}

Database::~Database() { sqlite3_close_v2(handle_); }

void Database::run(const char* sql) const {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("use");
}

// The size limit applies after a transaction that was larger than usual.
void Database::use_wal(bool sync_each_commit) {
  run("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 0");
  run(sync_each_commit ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  sqlite3_wal_hook(
      handle_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Database*>(self)->wal_pages_ = static_cast<std::uint64_t>(pages);
        return SQLITE_OK;
      },
      this);
}

void Database::checkpoint(bool truncate) {
  const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  if (sqlite3_wal_checkpoint_v2(handle_, "main", mode, nullptr, nullptr) != SQLITE_OK) fail("checkpoint");
  wal_pages_ = 0;
}

void Database::sync_wal() {
  sqlite3_file* wal = nullptr;
  if (sqlite3_file_control(handle_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) != SQLITE_OK) fail("sync");
  if (wal == nullptr || wal->pMethods == nullptr) return;
  if (wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY) != SQLITE_OK)
    throw StoreError("cannot sync " + path_ + "-wal: disk I/O error");
}

std::uint64_t Database::free_bytes() const {
  Statement pages(*this, "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size");
  return pages.step() ? pages.integer(0) : 0;
}

void Database::delete_wal_at_close() {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

void Database::fail(const std::string& doing) const {
  std::string reason = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
  const int number = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
  if (number != 0) reason += std::string(" (") + std::strerror(number) + ")";
  const bool full = handle_ != nullptr && (sqlite3_errcode(handle_) == SQLITE_FULL || number == ENOSPC);
  if (full)
    throw StoreError("cannot write " + path_ + ": the disk is full", "make room on it, and start again");
  throw StoreError("cannot " + doing + " " + path_ + ": " + reason);
}

}  // namespace zonda
