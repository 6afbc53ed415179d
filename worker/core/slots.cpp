// Tasks that wait meet slots that are free, and what runs in them is watched.
#include <algorithm>

#include "worker/core/worker_core.h"

namespace zonda {

using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kHandOverMax = 4'096;
constexpr double kHandOverBytes = 1 << 20;  // of outcomes: they come whether there is room for them or not
constexpr double kQueueBehindUs = 20'000;   // longer tasks are not queued behind a running one

}  // namespace

std::uint32_t WorkerCore::batch_size(const Waiting& waiting) const {
  const auto known = costs_.find(waiting.function);
  if (known == costs_.end()) return 1;
  const double in_time = static_cast<double>(config_.hand_over.count()) / known->second.us;
  const double in_bytes = kHandOverBytes / std::max(1.0, known->second.outcome_bytes);
  return static_cast<std::uint32_t>(std::clamp(std::min(in_time, in_bytes), 1.0, double{kHandOverMax}));
}

void WorkerCore::feed() {
  for (bool fed = true; fed && !waiting_.empty();) {
    fed = false;
    const auto feed_one = [&](int number) {
      feed_slot(number);
      fed = true;
    };
    for (int slot = 0; slot < executor_.slots() && !waiting_.empty(); ++slot) {
      if (slots_[static_cast<std::size_t>(slot)].works.empty()) feed_one(slot);
    }
    for (int slot = 0; slot < executor_.slots() && !waiting_.empty();
         ++slot) {  // one more, where it will not wait long
      const auto known = costs_.find(waiting_.front().function);
      const bool is_short = known != costs_.end() && known->second.us < kQueueBehindUs;
      if (is_short && slots_[static_cast<std::size_t>(slot)].works.size() == 1) feed_one(slot);
    }
  }
}

// Hands the first waiting tasks to a slot: a few milliseconds of work, or one task. What waits is spread
// over the slots, so that the last tasks do not all end up in one.
void WorkerCore::feed_slot(int number) {
  Waiting& front = waiting_.front();
  const std::uint32_t available = front.arguments.count();
  const auto slots = static_cast<std::uint32_t>(executor_.slots());
  const std::uint32_t spread = waiting_.size() > 1 ? available : (available + slots - 1) / slots;
  const std::uint32_t count = std::min({available, batch_size(front), std::max(spread, 1U)});
  InSlot work{front.job, {{front.first, front.first + count}}, front.token, front.timeout, front};
  work.origin.arguments = front.arguments.slice(0, count);
  held_bytes_ -= work.origin.arguments.payloads.size();
  executor_.start(number, Work{front.job, front.first, front.token, front.attempt, front.function,
                               front.signature, front.slab, work.origin.arguments});
  if (count == available) {
    waiting_.pop_front();
  } else {
    front.arguments = {front.arguments.lengths.substr(4 * std::size_t{count}),
                       front.arguments.payloads.substr(work.origin.arguments.payloads.size())};
    front.first += count;
  }
  slots_[static_cast<std::size_t>(number)].works.push_back(std::move(work));
}

// Of what runs, which need not be of the first work in the slot: the news of the end of that may be on its
// way.
std::chrono::milliseconds WorkerCore::timeout_of(const Slot& slot, const Running& running) {
  for (const InSlot& work : slot.works) {
    if (work.job == running.task.job && work.token == running.token) return work.timeout;
  }
  return 0ms;
}

// Tells of tasks that run for more than a moment, and stops those that run too long.
void WorkerCore::watch_slots(TimePoint now, PeerEffects& effects) {
  Started started;
  for (int number = 0; number < executor_.slots(); ++number) {
    Slot& slot = slots_[static_cast<std::size_t>(number)];
    if (slot.works.empty()) continue;
    const std::optional<Running> running = executor_.running(number);
    if (!running) continue;
    const std::chrono::milliseconds timeout = timeout_of(slot, *running);
    if (timeout > 0ms && now - counts_from(*running) >= timeout &&
        !(slot.stopped && slot.stopped->task == running->task && slot.stopped->token == running->token)) {
      slot.stopped = running;
      executor_.stop(number, running->task, StopReason::TimedOut, now);
    }
    const bool told = slot.told && slot.told->task == running->task && slot.told->token == running->token;
    if (told || now - running->since < config_.started_after) continue;
    slot.told = running;
    started.tasks.push_back(
        {running->task.job, running->task.index, 1, running->token.epoch, running->token.lease, true});
    if (started.tasks.size() == kPageEntries) session_.say(std::exchange(started, {}), now, effects);
  }
  if (!started.tasks.empty()) session_.say(started, now, effects);
}

TimePoint WorkerCore::next_deadline(TimePoint now) const {
  if (done_) return TimePoint::max();
  TimePoint next = session_.next_deadline();
  if (outbox_.is_damaged() && session_.is_open()) return now;
  if (outbox_.is_full()) next = std::min(next, spool_again_);
  if (gathers_) next = std::min(next, *gathers_until_);
  if (may_be_orphaned() && last_turn_)
    next = std::min(next, *last_turn_ + (config_.orphan_timeout - alone_for_));
  if (const std::optional<TimePoint> executor = executor_.next_deadline()) next = std::min(next, *executor);
  if (!progress_.empty() && session_.is_open()) next = std::min(next, progress_at_ + config_.progress_every);
  for (int number = 0; number < executor_.slots(); ++number) {
    const Slot& slot = slots_[static_cast<std::size_t>(number)];
    if (slot.works.empty()) continue;
    const std::optional<Running> running = executor_.running(number);
    if (!running) continue;
    const bool told = slot.told && slot.told->task == running->task && slot.told->token == running->token;
    if (!told) next = std::min(next, std::max(running->since + config_.started_after, now + 1ms));
    const bool stopped =
        slot.stopped && slot.stopped->task == running->task && slot.stopped->token == running->token;
    const auto timeout = timeout_of(slot, *running);
    if (timeout > 0ms && !stopped) next = std::min(next, counts_from(*running) + timeout);
  }
  return next;
}

}  // namespace zonda
