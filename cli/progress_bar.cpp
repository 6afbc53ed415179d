#include "cli/progress_bar.h"

#include <algorithm>
#include <cstdio>

#include "command_line/duration.h"

namespace zonda::cli {
namespace {

std::string format_bar(const ProgressState& state, std::size_t width) {
  const std::uint64_t total = std::max<std::uint64_t>(state.total, 1);
  const auto full = static_cast<std::size_t>(std::min(state.done, total) * width / total);
  return "[" + std::string(full, '#') + std::string(width - full, '-') + "]";
}

std::string format_rate(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, rate < 10 ? "%.1f/s" : "%.0f/s", rate);
  return text;
}

}  // namespace

std::string format_progress(const ProgressState& state, double seconds, std::size_t width, bool color) {
  std::string facts = std::to_string(state.done) + "/" + std::to_string(state.total);
  if (!state.total_known) facts += "+";
  std::string failed;
  if (state.failed > 0) failed = "  " + std::to_string(state.failed) + " failed";
  std::string speed;
  if (seconds > 0 && state.done > 0) {
    const double rate = static_cast<double>(state.done) / seconds;
    speed = "  " + format_rate(rate);
    if (state.total_known && state.total > state.done)
      speed += "  " + format_age(static_cast<double>(state.total - state.done) / rate) + " left";
  }
  const std::size_t used = facts.size() + failed.size() + speed.size();
  std::string line;
  if (state.total_known && width > used + 12) {
    line = format_bar(state, std::min<std::size_t>(width - used - 4, 40)) + " ";
  }
  if (color && !failed.empty()) failed = "\x1b[31m" + failed + "\x1b[0m";
  return line + facts + failed + speed;
}

void ProgressBar::show(const ProgressState& state, Clock::time_point now) {
  if (!enabled_) return;
  if (!began_) began_ = now, next_ = now + std::chrono::milliseconds(300);  // quick jobs need no bar
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(100);
  const double seconds = std::chrono::duration<double>(now - *began_).count();
  err_.write("\r\x1b[K" + format_progress(state, seconds, err_.columns(), color_));
  err_.flush();
  visible_ = true;
}

void ProgressBar::hide() {
  if (!visible_) return;
  err_.write("\r\x1b[K");
  err_.flush();
  visible_ = false;
}

}  // namespace zonda::cli
