// What a store is at one moment, in a few numbers: once in the database, in each transaction, and once beside
// it, after each commit. A damaged write-ahead log looks like a shorter one that is valid; the two then
// differ.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/store/row.h"

namespace zonda {

struct StoreState {
  JobId store;                 // its id, for life
  std::uint64_t epoch = 0;     // of the last broker that opened it
  std::uint64_t commit = 0;    // number of the last
  std::uint64_t next_row = 1;  // numbers of rows are never used again, but for what is replaced
  std::uint64_t rows = 0;
  RowSum sum;  // of all of them
  friend bool operator==(const StoreState&, const StoreState&) = default;
};

std::string encode_state(const StoreState& state);
std::optional<StoreState> decode_state(std::string_view bytes);  // nothing: these are not whole

// Two places that are written in turn, so that one of them is whole at any moment.
class HeadFile {
 public:
  static void create(const std::string& path, const StoreState& state);  // synced
  static std::optional<StoreState> read(const std::string& path);        // the later one that is whole

  explicit HeadFile(const std::string& path);
  ~HeadFile();
  HeadFile(const HeadFile&) = delete;
  HeadFile& operator=(const HeadFile&) = delete;

  void write(const StoreState& state);
  void sync();
  void touch();  // says: still running

 private:
  std::string path_;
  int descriptor_;
  std::uint64_t writes_ = 0;
};

}  // namespace zonda
