// A worker with tasks that take its process down, or a thread of it.
#include <zonda/worker.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <thread>
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

std::int64_t hang(std::int64_t number) {
  while (number != 0) std::this_thread::yield();
  return number;
}

}  // namespace

int main(int argc, char** argv) {
  zonda::Worker worker;
  worker.bind(blame::survive, survive);
  worker.bind(blame::eat, eat);
  worker.bind(blame::hang, hang);
  return worker.main(argc, argv);
}
