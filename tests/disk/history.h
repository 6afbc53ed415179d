// A history of commits that is the same for the same seed, and what a store must tell after each of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/store/store.h"

namespace zonda {

class History {
 public:
  History(std::uint64_t seed, std::size_t commits);

  std::size_t size() const { return commits_.size(); }
  const std::vector<Record>& commit(std::size_t number) const { return commits_.at(number - 1); }  // from 1

  // After which commit a store tells what this one does: the last that fits, not before `least`. Nothing: it
  // tells something that never was.
  std::optional<std::size_t> place_of(Store& store, std::size_t least) const;

 private:
  std::vector<std::vector<Record>> commits_;
  std::vector<std::string> told_;  // after each, from none on
};

// All that a store tells, as one text.
std::string everything_in(Store& store);

}  // namespace zonda
