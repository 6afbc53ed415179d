// Calls sleeping tasks at a rate, or as many at a time, and says ten times a second how many are done.
//
// usage: scaling_client TASK_US SECONDS (rate FROM TO PERIOD_S SEED | outstanding COUNT)
#include <zonda/client.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <random>
#include <string_view>
#include <tuple>

#include "cli/bench_functions.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kStep = 10ms;

struct Load {
  zonda::Client client;
  std::int64_t task_us = 0;
  std::atomic<std::uint64_t> done{0}, wrong{0};
  std::uint64_t asked = 0;
  std::mutex mutex;
  std::condition_variable changed;

  void call() {
    ++asked;
    std::ignore = client.submit(zonda::cli::bench::kSleep(task_us))
                      .then([this](const zonda::Result<std::int64_t>& result) {
                        ++(result ? done : wrong);
                        const std::lock_guard lock(mutex);
                        changed.notify_all();
                      });
  }
  template <class F>
  void wait_until(Clock::time_point end, F&& is_enough) {
    std::unique_lock lock(mutex);
    changed.wait_until(lock, end, is_enough);
  }
  std::uint64_t outstanding() const { return asked - done - wrong; }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  Load load;
  load.task_us = std::atol(argv[1]);
  const auto seconds = std::chrono::seconds(std::atol(argv[2]));
  const bool by_rate = std::string_view(argv[3]) == "rate";
  if (by_rate && argc != 8) return 2;
  const double from = std::atof(argv[4]), to = by_rate ? std::atof(argv[5]) : 0;
  const double period = by_rate ? std::atof(argv[6]) : 1;
  std::mt19937 random(by_rate ? static_cast<unsigned>(std::atol(argv[7])) : 0);
  const auto began = Clock::now();
  int ticks = 0;
  for (auto at = began; at < began + seconds; at += kStep) {
    load.wait_until(at, [] { return false; });
    const double now = std::chrono::duration<double>(at - began).count();
    const double rate = static_cast<int>(now / period) % 2 == 0 ? from : to;
    if (by_rate) {
      for (int count = std::poisson_distribution<int>(rate / 100)(random); count > 0; --count) load.call();
    } else {
      while (load.outstanding() < static_cast<std::uint64_t>(from)) load.call();
    }
    if (++ticks % 10 == 0) std::cout << now << " " << load.done << "\n" << std::flush;
  }
  load.wait_until(Clock::now() + 60s, [&load] { return load.outstanding() == 0; });
  std::cout << "end " << load.asked << " " << load.done << " " << load.wrong << "\n" << std::flush;
}
