// Maps of which every result is checked.
#pragma once

#include <zonda/client.h>

#include <cstdint>

#include "cli/bench_cluster.h"

namespace zonda::cli {

inline constexpr std::int64_t kLarge = std::int64_t{1} << 40;  // numbers from here on are nine bytes encoded

// Throw Complaint.
[[noreturn]] void wrong_result(std::uint64_t index);
void require_all(std::uint64_t results, std::uint64_t tasks);

// Takes all results of a map, in order; `is_right(index, value)` tells whether one is.
template <class Results, class IsRight>
void check_all(Results results, const BenchCluster& cluster, std::uint64_t tasks, IsRight is_right) {
  std::uint64_t index = 0;
  for (const auto& value : results) {
    if (!is_right(index, value)) wrong_result(index);
    ++index;
    cluster.leave_if_interrupted();
  }
  require_all(index, tasks);
}

void map_numbers(Client& client, const BenchCluster& cluster, std::uint64_t tasks);

}  // namespace zonda::cli
