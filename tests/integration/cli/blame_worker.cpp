// A worker with a task that takes its process down.
#include <zonda/worker.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "tests/integration/cli/blame_functions.h"

namespace {

std::int64_t survive(std::int64_t number, std::int64_t deadly) {
  if (number != deadly) return number;
  std::cerr << "last words\n" << std::flush;
  std::abort();
}

std::int64_t eat(std::int64_t bytes) {
  const std::vector<char> eaten(static_cast<std::size_t>(bytes), 'x');
  return std::count(eaten.begin(), eaten.end(), 'x');
}

}  // namespace

int main(int argc, char** argv) {
  zonda::Worker worker;
  worker.bind(blame::survive, survive);
  worker.bind(blame::eat, eat);
  return worker.main(argc, argv);
}
