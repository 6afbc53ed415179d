// Is a store whole? Asked at each start, and by `zonda broker verify`.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "broker/store/row_table.h"
#include "broker/store/store_rows.h"

namespace zonda {

// Sentences, each about one thing that is wrong, as many as a person reads.
class Findings {
 public:
  void add(std::string finding);
  bool empty() const { return found_ == 0; }
  std::uint64_t count() const { return found_; }
  const std::vector<std::string>& list() const { return list_; }
  std::string text() const;  // one after the other

 private:
  static constexpr std::size_t kListMax = 100;
  std::uint64_t found_ = 0;
  std::vector<std::string> list_;
};

enum class Payloads : std::uint8_t { Skip, Check };  // checking reads everything

// Fills `rows` with what is whole. Throws StoreError once `interrupted`.
void check_rows(RowTable& table, Payloads payloads, StoreRows& rows, Findings& findings,
                const std::atomic<bool>& interrupted = std::atomic<bool>(false));
void check_pages(Database& database, Findings& findings);
// What the head file says against what the database says.
void check_head(const std::string& directory, const StoreState& state, const std::optional<StoreState>& head,
                Findings& findings);

}  // namespace zonda
