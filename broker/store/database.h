// SQLite, as far as a store needs it. Whatever goes wrong is a StoreError with the path and SQLite's reason.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace zonda {

class Database;

// A prepared statement. Views into a row are valid until the next step() or reset().
class Statement {
 public:
  Statement(const Database& database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int at, std::uint64_t value);
  Statement& bind(int at, std::string_view blob);  // not copied: it stays until the statement ran
  bool step();                                     // true: there is a row
  void run();                                      // steps to the end, ready to be bound again
  void reset();

  std::uint64_t integer(int column) const;
  std::string_view blob(int column) const;

 private:
  const Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

// A connection, for one thread at a time. Closing it checkpoints nothing unless checkpoint() did before: what
// a damaged write-ahead log still holds is not destroyed by looking at it.
class Database {
 public:
  enum class Access : std::uint8_t { Create, Write, ReadAlone };  // ReadAlone: nobody writes, there is no WAL
  Database(std::string path, Access access);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::string& path() const { return path_; }
  void run(const char* sql) const;
  void use_wal(bool sync_each_commit);
  // Moves the write-ahead log into the database; with `truncate` the log is empty then.
  void checkpoint(bool truncate);
  void sync_wal();
  std::uint64_t wal_pages() const { return wal_pages_; }
  std::uint64_t free_bytes() const;  // in the file: pages that are written again before it grows
  void delete_wal_at_close();

  [[noreturn]] void fail(const std::string& doing) const;
  sqlite3* handle() const { return handle_; }

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
  std::uint64_t wal_pages_ = 0;
};

}  // namespace zonda
