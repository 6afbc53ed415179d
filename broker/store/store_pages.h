// The files of a store as pages, read without SQLite: one damaged page then costs no more than what is on it.
// Nothing is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "broker/store/head_file.h"
#include "broker/store/log_frames.h"
#include "broker/store/table_page.h"

namespace zonda {

class StorePages {
 public:
  using Numbers = std::unordered_set<std::uint32_t>;

  explicit StorePages(const std::string& database);  // it may be missing: then all is in the log
  ~StorePages();
  StorePages(const StorePages&) = delete;
  StorePages& operator=(const StorePages&) = delete;

  // Reads on behind damage in the log, to its last commit that is whole. False: there is none.
  bool read_on();

  std::uint32_t count() const { return count_; }  // they are numbered from 1
  std::string read(std::uint32_t page) const;     // zeros where nothing is
  std::string read(const TableCell& cell, std::uint64_t from, std::uint64_t bytes) const;  // or less

  // What the database says of itself; nothing: that is damaged.
  std::optional<StoreState> state() const;
  // Pages that were given up, whose rows are no longer valid. Nothing: the list of them is damaged.
  std::optional<Numbers> free_pages() const;
  // Pages to which the tree of the rows leads.
  Numbers tree_pages() const;

  static constexpr std::uint32_t kRowsRoot = 2;  // a store's database is always laid out like this
  static constexpr std::uint32_t kStateRoot = 3;

 private:
  void count_pages();

  int database_ = -1;
  int log_ = -1;
  LogFrames frames_;
  std::unordered_map<std::uint32_t, std::uint64_t> logged_;
  std::uint32_t count_ = 0;
};

}  // namespace zonda
