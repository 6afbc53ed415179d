// The tasks of one job whose outcomes are gone: which they were, and how they ended.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "broker/core/index_range.h"

namespace zonda {

class DoneTasks {
 public:
  using Kinds = std::array<std::uint64_t, 9>;  // how many of each; [0]: values

  DoneTasks() = default;
  DoneTasks(const std::vector<IndexRange>& ranges, const Kinds& kinds);

  // `kinds` as in record::Finished: empty means that all are values.
  static Kinds count(IndexRange range, std::string_view kinds);
  void add(IndexRange range, std::string_view kinds) { add(range, count(range, kinds)); }
  void add(IndexRange range, const Kinds& kinds);

  bool empty() const { return ends_.empty(); }
  std::vector<IndexRange> ranges() const;  // ascending, never touching
  const Kinds& kinds() const { return kinds_; }

 private:
  std::map<std::uint64_t, std::uint64_t> ends_;  // by first task
  Kinds kinds_{};
};

}  // namespace zonda
