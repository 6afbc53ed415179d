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

constexpr std::uint64_t kLetters = 26;

}  // namespace

std::string bench::text_of(std::uint64_t index, std::uint64_t bytes) {
  return std::string(bytes, static_cast<char>('a' + index % kLetters));
}

std::uint64_t bench::mark_of(std::uint64_t index, std::uint64_t bytes) {
  return bytes * kLetters + index % kLetters;
}

std::uint64_t bench::mark_of(std::string_view text) {
  if (text.empty() || text.substr(1) != text.substr(0, text.size() - 1)) return 0;
  return mark_of(static_cast<std::uint64_t>(text.front() - 'a'), text.size());
}

void add_echo_functions(Handlers& handlers) {
  handlers.add(detail::make_handler(bench::kEchoNumber, [](std::int64_t number) { return number; }));
  handlers.add(detail::make_handler(bench::kEchoText, [](std::string text) { return text; }));
}

void add_bench_functions(Handlers& handlers) {
  add_echo_functions(handlers);
  handlers.add(detail::make_handler(bench::kSpin, spin));
  handlers.add(detail::make_handler(bench::kSleep, sleep));
  handlers.add(
      detail::make_handler(bench::kTake, [](const std::string& text) { return bench::mark_of(text); }));
  handlers.add(detail::make_handler(bench::kGive, bench::text_of));
}

}  // namespace zonda::cli
