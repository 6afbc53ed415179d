#include "cli/bench_functions.h"

#include <zonda/detail/bind.h>

#include <chrono>
#include <thread>

#include "cli/daemons.h"

namespace zonda::cli {
namespace {

std::int64_t spin(std::int64_t microseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(microseconds);
  while (std::chrono::steady_clock::now() < end) {
  }
  return microseconds;
}

std::int64_t sleep(std::int64_t microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  return microseconds;
}

}  // namespace

void add_echo_functions(Handlers& handlers) {
  handlers.add(detail::make_handler(bench::kEchoNumber, [](std::int64_t number) { return number; }));
  handlers.add(detail::make_handler(bench::kEchoText, [](std::string text) { return text; }));
}

void add_bench_functions(Handlers& handlers) {
  add_echo_functions(handlers);
  handlers.add(detail::make_handler(bench::kSpin, spin));
  handlers.add(detail::make_handler(bench::kSleep, sleep));
}

}  // namespace zonda::cli
