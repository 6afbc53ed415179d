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
  const auto inputs = std::views::iota(kLarge, kLarge + static_cast<std::int64_t>(tasks));
  check_all(client.map(bench::kEchoNumber, inputs), cluster, tasks,
            [](std::uint64_t index, std::int64_t value) {
              return value == kLarge + static_cast<std::int64_t>(index);
            });
}

}  // namespace zonda::cli
