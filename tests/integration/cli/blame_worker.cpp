// A worker with a task that takes its process down.
#include <zonda/worker.h>

#include <cstdlib>
#include <iostream>

#include "tests/integration/cli/blame_functions.h"

namespace {

std::int64_t survive(std::int64_t number, std::int64_t deadly) {
  if (number != deadly) return number;
  std::cerr << "last words\n" << std::flush;
  std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  zonda::Worker worker;
  worker.bind(blame::survive, survive);
  return worker.main(argc, argv);
}
