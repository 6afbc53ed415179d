// Keeps workers busy with equal tasks until its standard input ends, then cancels what is left.
//
// usage: steady_client WORK_US
#include <unistd.h>
#include <zonda/client.h>

#include <cstdlib>
#include <iostream>
#include <ranges>
#include <thread>

#include "tests/chaos/functions.h"

namespace {

void cancel_at_end_of_input(zonda::Client& client, zonda::JobId job) {
  char bytes[64];
  while (read(0, bytes, sizeof bytes) > 0) {
  }
  client.cancel(job);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto work_us = static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10));
  const auto question = [work_us](std::uint64_t number) { return chaos::Question{number, work_us, ""}; };
  auto questions =
      std::views::iota(std::uint64_t{0}, std::uint64_t{1} << 40) | std::views::transform(question);
  zonda::Client client;
  auto results = client.starmap(chaos::mix, questions, {.retries = 10'000});
  std::jthread watcher(cancel_at_end_of_input, std::ref(client), results.job());
  std::uint64_t done = 0;
  for (auto&& [index, result] : std::move(results).unordered()) {
    if (result)
      ++done;
    else if (result.error().kind == zonda::TaskReport::cancelled)
      break;
    else
      std::cerr << "steady_client: task " << index << ": " << describe(result.error()) << "\n";
  }
  std::cout << done << "\n";
}
