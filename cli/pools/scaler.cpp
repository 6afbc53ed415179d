#include "cli/pools/scaler.h"

#include <algorithm>
#include <cmath>

#include "command_line/duration.h"

namespace zonda::cli {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr double kSmoothingSeconds = 2;
constexpr std::chrono::seconds kGap{5};  // not looked at for so long: what was then is not known
constexpr double kBusyAtMost = 0.8;      // of the workers that stay: the rest is for the next burst
constexpr double kSlack = 0.1;           // of a worker is no reason for one

std::string number(double value) {
  char text[32];
  const double rounded = std::abs(value) < 10 ? std::round(value * 10) / 10 : std::round(value);
  std::snprintf(text, sizeof text, "%g", rounded);
  return text;
}

std::string seconds_text(double seconds) {
  if (seconds >= 0.1) return number(seconds) + " s";
  return seconds >= 1e-4 ? number(seconds * 1e3) + " ms" : number(seconds * 1e6) + " us";
}

std::uint64_t rounded_up(double workers) {
  return workers <= 0 ? 0 : static_cast<std::uint64_t>(std::ceil(workers));
}

std::vector<PoolWorker> staying(const PoolView& view) {
  std::vector<PoolWorker> found;
  std::copy_if(view.workers.begin(), view.workers.end(), std::back_inserter(found),
               [](const PoolWorker& worker) { return !worker.leaving; });
  return found;
}

// Those that hold the least, and of equals the last that was started.
std::vector<std::string> least_loaded(std::vector<PoolWorker> workers, std::uint64_t count) {
  std::stable_sort(workers.begin(), workers.end(), [](const PoolWorker& a, const PoolWorker& b) {
    if (a.held != b.held) return a.held < b.held;
    return a.name.size() != b.name.size() ? a.name.size() > b.name.size() : a.name > b.name;
  });
  std::vector<std::string> names;
  for (std::size_t at = 0; at < std::min<std::size_t>(count, workers.size()); ++at)
    names.push_back(workers[at].name);
  return names;
}

// Of tasks none of which has ended it is known how long those that run do so at least.
double seconds_of(const PoolDemand& demand) {
  if (demand.task_seconds > 0) return demand.task_seconds;
  return demand.running > 0 ? demand.stalled_seconds : 0;
}

std::string reason_of(const PoolDemand& demand, double target) {
  const double seconds = seconds_of(demand);
  std::string text = number(demand.queued) + " queued";
  if (seconds <= 0) return text + ", not measured yet";
  text += " × " + seconds_text(seconds) + (demand.task_seconds > 0 ? "" : " or more") + " ÷ target " +
          seconds_text(target);
  if (seconds >= target) return text + ", a slot each";
  return demand.stalled_seconds < target ? text
                                         : text + ", none begun for " + seconds_text(demand.stalled_seconds);
}

}  // namespace

// Slots that are taken by long tasks do not get to what waits; those of short ones do.
Scaler::Need Scaler::need_of(const PoolSize& size, const PoolView& view) const {
  const double target = std::max(1e-3, Seconds(size.target_wait).count());
  const bool has_workers = !staying(view).empty();
  Need need;
  double most = -1, queued = 0, held_up = 0;
  bool is_nobodys = false;
  for (const PoolDemand& demand : view.demand) {
    const bool is_stalled = demand.stalled_seconds >= target;
    const double share = std::min(1.0, seconds_of(demand) / target);  // of a slot, for each task
    double slots = demand.queued * share - (is_stalled ? 0 : static_cast<double>(demand.other_slots));
    if (is_stalled) slots = std::max(slots, 1.0);
    const double workers =
        std::max(0.0, slots) / static_cast<double>(std::max<std::uint64_t>(demand.at_once, 1));
    need.workers += workers;
    queued += demand.queued;
    held_up += demand.queued * (is_stalled ? 1 : share);
    is_nobodys = is_nobodys || (!has_workers && demand.other_slots == 0);
    if (workers <= most) continue;
    most = workers;
    need.why = reason_of(demand, target);
  }
  if (queued > 0 && need.workers > kSlack) need.workers += busy_.value_or(0) * held_up / queued;
  if (is_nobodys) need.workers = std::max(need.workers, 2 * kSlack);
  return need;
}

void Scaler::look(const PoolView& view, TimePoint now) {
  double load = 0;
  for (const PoolWorker& worker : view.workers) load += worker.leaving ? 0 : worker.load;
  if (now - looked_ > kGap) {
    busy_.reset();
    needs_ = {{now, wanted_}};
    began_ = now;
  }
  const double part = 1 - std::exp(-Seconds(now - looked_).count() / kSmoothingSeconds);
  busy_ = busy_ ? *busy_ + (load - *busy_) * part : load;
  looked_ = now;
}

std::uint64_t Scaler::most_needed(std::uint64_t needed, TimePoint now) {
  while (!needs_.empty() && needs_.back().needed <= needed) needs_.pop_back();
  needs_.push_back({now, needed});
  while (now - needs_.front().at >= cooldown_ && needs_.size() > 1) needs_.pop_front();
  return needs_.front().needed;
}

ScaleDecision Scaler::decide(const PoolSize& size, const PoolView& view, TimePoint now) {
  look(view, now);
  note_.clear();
  const std::vector<PoolWorker> workers = staying(view);
  const std::uint64_t current = workers.size() + view.pending;
  const Need need = need_of(size, view);
  const double busy = busy_.value_or(0);
  const std::uint64_t for_queue = rounded_up(need.workers - kSlack);
  const std::uint64_t for_busy = busy < 0.02 ? 0 : rounded_up(busy / kBusyAtMost - kSlack);
  const std::uint64_t in_cooldown = most_needed(std::max(for_queue, for_busy), now);
  wanted_ = std::clamp(in_cooldown, size.min, size.max);

  ScaleDecision decision;
  decision.need = need.workers;
  const std::uint64_t more = std::clamp(for_queue, size.min, size.max);
  if (more > current) {
    decision.start = more - current;
    decision.why = "+" + std::to_string(decision.start) + ": ";
    decision.why += for_queue > current ? need.why : "at least " + std::to_string(size.min);
    if (for_queue > size.max) decision.why += ", at most " + std::to_string(size.max);
    return decision;
  }
  if (for_queue > size.max) note_ = "at its most: " + need.why;
  std::uint64_t keep = wanted_;
  if (keep >= current) return decision;
  const bool is_over = current > size.max;
  if (!is_over && now - began_ < cooldown_) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(cooldown_ - (now - began_));
    note_ = "held: looks on for another " + std::to_string(left.count()) + " s";
    return decision;
  }
  if (is_over) keep = size.max;
  const std::uint64_t fewer = current - keep;
  decision.cancel = std::min(fewer, view.pending);
  decision.drain = least_loaded(workers, fewer - decision.cancel);
  decision.why = "-" + std::to_string(fewer) + ": ";
  if (is_over)
    decision.why += "at most " + std::to_string(size.max);
  else
    decision.why += std::to_string(keep) + " of " + std::to_string(current) + " were enough for " +
                    format_duration(cooldown_);
  return decision;
}

}  // namespace zonda::cli
