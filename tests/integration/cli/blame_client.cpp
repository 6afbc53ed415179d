// Submits COUNT tasks of which number DEADLY takes down who runs it, as a detached job. Prints the job, and
// how each task ended that did not answer its number.
//
// usage: blame_client COUNT DEADLY
#include <zonda/client.h>

#include <cstdlib>
#include <iostream>
#include <ranges>
#include <tuple>

#include "tests/integration/cli/blame_functions.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::int64_t count = std::atoll(argv[1]);
  const std::int64_t deadly = std::atoll(argv[2]);
  const auto arguments = [deadly](std::int64_t number) { return std::tuple(number, deadly); };
  zonda::Client client;
  auto results = client.starmap(blame::survive,
                                std::views::iota(std::int64_t{0}, count) | std::views::transform(arguments),
                                {.detached = true});
  std::cout << to_string(results.job()) << "\n" << std::flush;
  for (auto&& [index, result] : std::move(results).unordered()) {
    if (!result)
      std::cout << index << " " << describe(result.error()) << "\n";
    else if (*result != static_cast<std::int64_t>(index))
      std::cout << index << " answered " << *result << "\n";
  }
}
