// What the worker does when there is no broker, no room for results, or a session that begins again; and when
// results leave.
#include <algorithm>

#include "worker/core/worker_core.h"

namespace zonda {

using namespace std::chrono_literals;

namespace {

constexpr auto kSpoolAgain = 1s;           // after it took nothing
constexpr auto kSilence = 2 * kHeartbeat;  // with outcomes that are not stored, it is asked for a word each
constexpr auto kTurnMax = 10s;             // turns are not further apart while no session is open

}  // namespace

// What of a work may have started is told apart from what is still behind it in its slot.
void WorkerCore::hold(const InSlot& work, const std::optional<Running>& running, std::vector<Held>& held) {
  const bool runs = running && running->task.job == work.job && running->token == work.token;
  const auto add = [&](std::uint64_t first, std::uint64_t end, bool started) {
    if (end > first)
      held.push_back({work.job, first, end - first, work.token.epoch, work.token.lease, started});
  };
  for (const Part& part : work.left) {
    const std::uint64_t begun = runs ? std::clamp(running->task.index + 1, part.first, part.end) : part.first;
    add(part.first, begun, true);
    add(begun, part.end, false);
  }
}

void WorkerCore::say_holdings(const std::vector<Held>& held, TimePoint now, PeerEffects& effects) {
  for (std::size_t from = 0;; from += kPageEntries) {
    const std::size_t end = std::min(held.size(), from + kPageEntries);
    const bool last = end == held.size();
    session_.say(Holdings{{held.begin() + static_cast<std::ptrdiff_t>(from),
                           held.begin() + static_cast<std::ptrdiff_t>(end)},
                          last},
                 now, effects);
    if (last) break;
  }
}

// Counts the time without a broker. Time in which this process did not run counts little: what the broker
// said meanwhile may still have to be read.
void WorkerCore::watch_broker(TimePoint now) {
  const auto passed = std::min<std::chrono::nanoseconds>(now - last_turn_.value_or(now), kTurnMax);
  last_turn_ = now;
  const bool heard = session_.is_open() || session_.last_heard() != heard_at_;
  heard_at_ = session_.last_heard();
  alone_for_ = heard ? 0ns : alone_for_ + passed;
  orphaned_ = orphaned_ || (may_be_orphaned() && alone_for_ >= config_.orphan_timeout);
}

bool WorkerCore::may_be_orphaned() const {
  return !orphaned_ && config_.orphan_timeout > 0ms && !session_.is_open();
}

void WorkerCore::watch_outbox(TimePoint now, PeerEffects& effects) {
  if (holds_results_) held_until_ = now;
  if (outbox_.is_damaged()) session_.start_over(now, effects);  // what is not held any more goes to others
  if (outbox_.is_full() && now >= spool_again_) {
    outbox_.make_room();
    spool_again_ = now + kSpoolAgain;
  }
}

// The spool is for the time without a broker. One that is there and takes less than we make is waited for,
// with little behind the outcomes that are on their way, since what the slots still have comes on top.
bool WorkerCore::has_room_for_results(TimePoint now) const {
  if (outbox_.is_full()) return false;
  const bool is_there = session_.is_open() && now - session_.last_heard() < kSilence;
  return !is_there || outbox_.bytes_behind() <= config_.outbox_memory / 4;
}

// What is finished stays in the executors while there is no room for it.
void WorkerCore::hold_results() {
  holds_results_ = outbox_.is_full() && !giving_up_;
  executor_.hold_results(holds_results_);
}

// Of short tasks, many share a message: one for each kept two slots with tasks of a millisecond from their
// work for 5 to 9 % of the time, broker and client being on the same two cores (docs/performance.md). A
// worker that soon has nothing to do tells at once what it has done.
void WorkerCore::gather_results(TimePoint now) {
  const bool may_gather = outbox_.may_wait() && !waiting_.empty() && !draining_;
  if (!may_gather)
    gathers_until_.reset();
  else if (!gathers_until_)
    gathers_until_ = now + config_.gather;
  gathers_ = may_gather && now < *gathers_until_;
}

// A task whose result waits in its executor looks as if it ran, so its time begins anew after such a wait.
TimePoint WorkerCore::counts_from(const Running& running) const {
  return std::max(running.since, held_until_);
}

// Cumulative in a session: what came, and as much more as the window has room for.
void WorkerCore::update_credit() {
  const auto room = [](std::uint64_t window, std::uint64_t used) {
    return used < window ? window - used : 0;
  };
  if (!outbox_.is_full()) {
    granted_tasks_ = std::max(granted_tasks_, received_tasks_ + room(config_.window_tasks, held_tasks()));
    granted_bytes_ =
        std::max(granted_bytes_, received_bytes_ + room(config_.window_bytes, held_bytes_ + outbox_.bytes()));
  }
  session_.set_credit(granted_tasks_, granted_bytes_);
}

std::string* WorkerCore::next_sink_frame() {
  if (!session_.is_open() || gathers_) return nullptr;
  Header header;
  header.session = session_.number();
  return outbox_.next_frame(header);
}

void WorkerCore::sink_frame_sent() {
  outbox_.frame_sent();
  gathers_until_.reset();
}

}  // namespace zonda
