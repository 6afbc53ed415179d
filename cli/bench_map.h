// A map of tasks that do nothing, of which every result is checked.
#pragma once

#include <zonda/client.h>

#include <cstdint>

#include "cli/bench_cluster.h"

namespace zonda::cli {

inline constexpr std::int64_t kLarge = std::int64_t{1} << 40;  // numbers from here on are nine bytes encoded

// Throw Complaint.
[[noreturn]] void wrong_result(std::uint64_t index);
void require_all(std::uint64_t results, std::uint64_t tasks);

void map_numbers(Client& client, const BenchCluster& cluster, std::uint64_t tasks);

}  // namespace zonda::cli
