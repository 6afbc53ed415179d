// How far a job is, on a terminal: "[######------] 512/1000  2 failed  48/s  10s left".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/sink.h"

namespace zonda::cli {

struct ProgressState {
  std::uint64_t done = 0;  // with or without success
  std::uint64_t failed = 0;
  std::uint64_t total = 0;
  bool total_known = false;  // all inputs were read
};

// One line of at most `width` columns.
std::string format_progress(const ProgressState& state, double seconds, std::size_t width, bool color);

// Keeps one line at the bottom of a terminal up to date. Does nothing when stderr is not one.
class ProgressBar {
 public:
  using Clock = std::chrono::steady_clock;

  ProgressBar(Sink& err, bool enabled, bool color) : err_(err), enabled_(enabled), color_(color) {}

  bool enabled() const { return enabled_; }
  void show(const ProgressState& state, Clock::time_point now);  // at most ten times a second
  void hide();  // before anything else is written to the terminal, and at the end

 private:
  Sink& err_;
  bool enabled_;
  bool color_;
  bool visible_ = false;
  std::optional<Clock::time_point> began_;
  Clock::time_point next_{};
};

}  // namespace zonda::cli
