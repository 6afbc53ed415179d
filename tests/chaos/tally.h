// Counts what became of every task that was submitted.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>

namespace chaos {

struct Tally {
  std::atomic<std::uint64_t> jobs{0};
  std::atomic<std::uint64_t> submitted{0};
  std::atomic<std::uint64_t> outcomes{0};  // tasks with at least one
  std::atomic<std::uint64_t> lost{0};      // tasks with none, though their job ended
  std::atomic<std::uint64_t> doubled{0};   // outcomes after the first of their task
  std::atomic<std::uint64_t> wrong{0};     // values that do not answer their question
  std::atomic<std::uint64_t> failed{0};    // outcomes that are no value

  std::uint64_t unfinished() const { return submitted - outcomes - lost; }
  bool is_good() const { return lost + doubled + wrong + failed + unfinished() == 0; }

  void print() const {
    const auto number = [](const std::atomic<std::uint64_t>& n) { return (unsigned long long)n.load(); };
    std::printf(
        "{\"jobs\": %llu, \"submitted\": %llu, \"outcomes\": %llu, \"lost\": %llu, \"double\": %llu, "
        "\"wrong\": %llu, \"failed\": %llu, \"unfinished\": %llu}\n",
        number(jobs), number(submitted), number(outcomes), number(lost), number(doubled), number(wrong),
        number(failed), (unsigned long long)unfinished());
    std::fflush(stdout);
  }
};

// A mistake, for people: on stderr, and no more than a screen of them.
inline void complain(const std::string& text) {
  static std::mutex mutex;
  static int left = 40;
  const std::lock_guard lock(mutex);
  if (left-- > 0) std::fprintf(stderr, "chaos_client: %s\n", text.c_str());
}

}  // namespace chaos
