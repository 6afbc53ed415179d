#include "cli/bench_map.h"

#include <ranges>
#include <string>

#include "cli/bench_functions.h"
#include "command_line/complaint.h"

namespace zonda::cli {

void wrong_result(std::uint64_t index) {
  throw Complaint(ExitCode::Failure, "task " + std::to_string(index) + " came back with a wrong result");
}

void require_all(std::uint64_t results, std::uint64_t tasks) {
  if (results != tasks)
    throw Complaint(ExitCode::Failure, std::to_string(tasks - results) + " results are missing");
}

void map_numbers(Client& client, const BenchCluster& cluster, std::uint64_t tasks) {
  std::uint64_t index = 0;
  const auto inputs = std::views::iota(kLarge, kLarge + static_cast<std::int64_t>(tasks));
  for (const std::int64_t value : client.map(bench::kEchoNumber, inputs)) {
    if (value != kLarge + static_cast<std::int64_t>(index)) wrong_result(index);
    ++index;
    cluster.leave_if_interrupted();
  }
  require_all(index, tasks);
}

}  // namespace zonda::cli
