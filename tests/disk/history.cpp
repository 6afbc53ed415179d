#include "tests/disk/history.h"

#include "broker/store/memory_store.h"
#include "tests/contract/random_commits.h"
#include "tests/contract/store_under_test.h"

namespace zonda {

std::string everything_in(Store& store) {
  std::string all;
  for (const std::string& each : replayed_bytes(store, ~0ULL)) {
    all += std::to_string(each.size()) + ":";
    all += each;
  }
  return all;
}

History::History(std::uint64_t seed, std::size_t commits) {
  RandomCommits random(seed);
  MemoryStore memory(Keep::Records);
  told_.push_back(everything_in(memory));
  while (commits_.size() < commits) {
    commits_.push_back(random.next());
    memory.commit(commits_.back());
    told_.push_back(everything_in(memory));
  }
}

std::optional<std::size_t> History::place_of(Store& store, std::size_t least) const {
  const std::string told = everything_in(store);
  for (std::size_t number = told_.size(); number-- > least;) {
    if (told_[number] == told) return number;
  }
  return std::nullopt;
}

}  // namespace zonda
