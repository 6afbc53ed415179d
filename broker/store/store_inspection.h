// A store that no broker runs on, looked at without changing it: for `zonda broker verify`, `backup` and
// `salvage`.
#pragma once

#include <string>
#include <vector>

#include "broker/store/store_check.h"

namespace zonda {

struct StoreReport {
  std::vector<std::string> wrong;  // sentences; empty: the store is whole
  std::uint64_t wrong_count = 0;   // there may be more than sentences
  StoreState state;                // {}: it cannot be read
  std::uint64_t jobs = 0;
};

// Reads everything, with all payloads. Throws StoreError if there is nothing to look at, or if it is in use.
StoreReport verify_store(const std::string& path);

// A whole copy in a directory that has no store, with the same id and epoch. Throws StoreError.
void backup_store(const std::string& path, const std::string& to);

// Copies what is whole into a new store, and says what was lost: a task whose arguments or outcome are gone
// ends as lost, so that every task has its outcome. The log of a job that lost outcomes is counted anew.
StoreReport salvage_store(const std::string& path, const std::string& to);

}  // namespace zonda
