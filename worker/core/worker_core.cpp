#include "worker/core/worker_core.h"

#include <algorithm>

#include "proto/assert.h"
#include "worker/core/oversized.h"

namespace zonda {

using namespace std::chrono_literals;

namespace {

constexpr auto kNameTakenFor = 20s;  // a dead holder of a name is missed within the lease

bool overlaps(const JobId& job, std::uint64_t first, std::uint64_t end, Token token, const Held& held) {
  return job == held.job && token == held.token() && first < held.first + held.count && held.first < end;
}

}  // namespace

WorkerCore::WorkerCore(Hello hello, std::uint64_t seed, Executor& executor, WorkerConfig config, Spool* spool)
    : session_(std::move(hello), seed),
      executor_(executor),
      config_(config),
      slots_(static_cast<std::size_t>(executor.slots())),
      outbox_(config.outbox_memory, spool) {}

void WorkerCore::handle(ArrivedFrame frame, TimePoint now, PeerEffects& effects) {
  if (done_) return;
  switch (session_.handle(frame.bytes(), now, effects)) {
    case PeerSession::Event::Nothing: return;
    case PeerSession::Event::Opened: return on_opened(now, effects);
    case PeerSession::Event::Arrived: return on_message(session_.message(), frame, now, effects);
    case PeerSession::Event::Refused: {
      const Refuse& refusal = session_.refusal();
      if (refusal.code == RefuseCode::NameTaken && !name_taken_since_) name_taken_since_ = now;
      if (refusal.retry_after_ms == 0 || (name_taken_since_ && now - *name_taken_since_ > kNameTakenFor))
        refused_ = refusal;
    }
  }
}

bool WorkerCore::welcome_is_new() { return std::exchange(new_session_, false); }

// The broker hears all that is here; what it does not know of is not ours any more, and it says so with STOP.
void WorkerCore::on_opened(TimePoint now, PeerEffects& effects) {
  new_session_ = true;
  name_taken_since_.reset();
  returned_.clear();
  received_tasks_ = received_bytes_ = granted_tasks_ = granted_bytes_ = told_tasks_ = told_bytes_ = 0;
  outbox_.restart();
  resent_after_.reset();
  update_credit();
  std::vector<Held> held = outbox_.holdings();
  for (const Slot& slot : slots_) {
    for (const InSlot& work : slot.works) {
      hold(work, executor_.running(static_cast<int>(&slot - slots_.data())), held);
    }
  }
  for (const Waiting& waiting : waiting_)
    held.push_back({waiting.job, waiting.first, waiting.arguments.count(), waiting.token.epoch,
                    waiting.token.lease, false});
  say_holdings(held, now, effects);
}

void WorkerCore::on_message(Message& message, ArrivedFrame& frame, TimePoint now, PeerEffects& effects) {
  if (const auto* tasks = std::get_if<Tasks>(&message)) return on(*tasks, frame);
  if (const auto* stored = std::get_if<Stored>(&message)) {
    outbox_.stored(stored->upto);
    if (!stored->resend) return;
    // Asked again for the same frame, a heartbeat later: what was sent again did not arrive either.
    if (resent_after_ == stored->upto) effects.reconnect_sink = true;
    resent_after_ = stored->upto;
    return outbox_.resend(stored->upto);
  }
  if (const auto* stop = std::get_if<Stop>(&message)) return on(*stop, now);
  if (const auto* room = std::get_if<OutputRoom>(&message)) return on(*room);
  if (const auto* retract = std::get_if<Retract>(&message)) return on(*retract, now, effects);
  if (std::holds_alternative<Drain>(message)) {
    dismissed_ = true;
    return drain(now, effects);
  }
}

void WorkerCore::on(const Tasks& tasks, ArrivedFrame& frame) {
  for (const TaskRange& range : tasks.ranges) {
    if (draining_) {  // they crossed our DRAIN on their way
      returned_.push_back({range.job, range.first, range.arguments.count(), range.epoch, range.lease, false});
      continue;
    }
    Waiting waiting{
        range.job,
        range.first,
        range.token(),
        range.attempt,
        range.function,
        range.signature,
        std::chrono::milliseconds(static_cast<std::int64_t>(std::min(range.timeout_ms, kDurationMsMax))),
        {},
        range.arguments};
    waiting.slab = frame.keep(waiting.arguments);
    held_tasks_ += waiting.arguments.count();
    held_bytes_ += waiting.arguments.payloads.size();
    received_tasks_ += waiting.arguments.count();
    received_bytes_ += waiting.arguments.payloads.size();
    waiting_.push_back(std::move(waiting));
  }
}

// Removes what of a range waits, and says what that was.
std::vector<Held> WorkerCore::take_waiting(const Held& range) {
  std::vector<Held> taken;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const std::uint64_t end = at->first + at->arguments.count();
    if (!overlaps(at->job, at->first, end, at->token, range)) {
      ++at;
      continue;
    }
    const std::uint64_t lo = std::max(at->first, range.first);
    const std::uint64_t hi = std::min(end, range.first + range.count);
    Waiting front = *at;
    Waiting back = *at;
    front.arguments = at->arguments.slice(0, static_cast<std::uint32_t>(lo - at->first));
    back.first = hi;
    back.arguments =
        at->arguments.slice(static_cast<std::uint32_t>(hi - at->first), static_cast<std::uint32_t>(end - hi));
    held_tasks_ -= hi - lo;
    held_bytes_ -=
        at->arguments.payloads.size() - front.arguments.payloads.size() - back.arguments.payloads.size();
    taken.push_back({at->job, lo, hi - lo, at->token.epoch, at->token.lease, false});
    at = waiting_.erase(at);
    const bool has_back = back.arguments.count() > 0;
    if (has_back) at = waiting_.insert(at, std::move(back));
    if (front.arguments.count() > 0) at = std::next(waiting_.insert(at, std::move(front)));
    if (has_back) ++at;
  }
  return taken;
}

// What has not started comes back as Unstarted, now or later, and is told to the broker or just forgotten.
void WorkerCore::take_from_slots(const Held& range, bool tell) {
  for (const Slot& slot : slots_) {
    for (const InSlot& work : slot.works) {
      if (!touches(work, range)) continue;
      dropped_.push_back({range, tell});
      return executor_.drop(range.job, range.first, range.count, range.token());
    }
  }
}

bool WorkerCore::touches(const InSlot& work, const Held& range) {
  return std::any_of(work.left.begin(), work.left.end(), [&](const Part& part) {
    return overlaps(work.job, part.first, part.end, work.token, range);
  });
}

// Forgets the drops of which nothing is in a slot any more.
void WorkerCore::prune_dropped() {
  std::erase_if(dropped_, [&](const Dropped& each) {
    return std::none_of(slots_.begin(), slots_.end(), [&](const Slot& slot) {
      return std::any_of(slot.works.begin(), slot.works.end(),
                         [&](const InSlot& work) { return touches(work, each.range); });
    });
  });
}

void WorkerCore::on(const Stop& stop, TimePoint now) {
  for (const Held& held : stop.tasks) {
    take_waiting(held);
    take_from_slots(held, false);
    for (int slot = 0; slot < executor_.slots(); ++slot) {
      const std::optional<Running> running = executor_.running(slot);
      if (!running ||
          !overlaps(running->task.job, running->task.index, running->task.index + 1, running->token, held))
        continue;
      executor_.stop(slot, running->task, StopReason::Cancelled, now);
    }
  }
}

void WorkerCore::on(const Retract& retract, TimePoint now, PeerEffects& effects) {
  for (const Held& held : retract.tasks) {
    say_returned(take_waiting(held), now, effects);
    take_from_slots(held, true);
  }
}

void WorkerCore::settle(TimePoint now, PeerEffects& effects) {
  if (done_) return void(executor_.take_events(now));  // the broker has no ear for it any more
  for (ExecutorEvent& event : executor_.take_events(now)) {
    std::visit([&](auto& typed) { on_executor(typed); }, event);
  }
  if (!dropped_.empty()) prune_dropped();
  watch_outbox(now, effects);
  session_.set_sink(outbox_.last_sent(), !outbox_.empty());
  session_.set_idle(outbox_.empty() && held_tasks_ == 0);
  session_.tick(now, effects);
  watch_broker(now);
  if (!draining_ && has_room_for_results(now)) feed();
  watch_slots(now, effects);
  hold_results();
  gather_results(now);
  update_credit();
  if (session_.is_open()) {
    if (!returned_.empty()) say_returned(std::exchange(returned_, {}), now, effects);
    say_progress(now, effects);
    // A grant that grew by much is told even if there is nothing else to say.
    if (granted_tasks_ - told_tasks_ > config_.window_tasks / 4 ||
        granted_bytes_ - told_bytes_ > config_.window_bytes / 4) {
      session_.say(Credit{}, now, effects);
      told_tasks_ = granted_tasks_;
      told_bytes_ = granted_bytes_;
    }
  }
  drop_output();
  leave_if_done(now, effects);
}

// These tasks are not in the slot any more. Returns what their Work was cut from.
WorkerCore::Waiting WorkerCore::take_from(Slot& slot, const JobId& job, Token token, std::uint64_t first,
                                          std::uint64_t count) {
  for (auto work = slot.works.begin(); work != slot.works.end(); ++work) {
    if (work->job != job || work->token != token) continue;
    const auto part = std::find_if(work->left.begin(), work->left.end(), [&](const Part& each) {
      return each.first <= first && first + count <= each.end;
    });
    if (part == work->left.end()) continue;
    const Part rest{first + count, part->end};
    part->end = first;
    if (rest.first < rest.end) work->left.insert(std::next(part), rest);
    std::erase_if(work->left, [](const Part& each) { return each.first == each.end; });
    Waiting origin = work->origin;
    if (work->left.empty()) slot.works.erase(work);
    return origin;
  }
  ZONDA_ASSERT(!"an executor told of a task that is not in its slot");
  return {};
}

void WorkerCore::on_executor(Finished& finished) {
  const std::uint64_t count = finished.lengths.size() / 4;
  Slot& slot = slots_.at(static_cast<std::size_t>(finished.slot));
  const Waiting origin = take_from(slot, finished.job, finished.token, finished.first, count);
  TaskCost& cost = costs_[origin.function];
  const auto of_late = [&](double& known, double measured) {
    known = known == 0 ? measured : 0.7 * known + 0.3 * measured;
  };
  of_late(cost.us, std::max(0.05, static_cast<double>(finished.busy.count()) / static_cast<double>(count)));
  of_late(cost.outcome_bytes, static_cast<double>(finished.lengths.size() + finished.payloads.size()) /
                                  static_cast<double>(count));
  held_tasks_ -= count;
  tasks_finished_ += count;
  for (std::uint64_t index = finished.first; !progress_.empty() && index < finished.first + count; ++index)
    progress_.erase({finished.job, index});
  if (!giving_up_) {
    replace_oversized(finished, welcome().payload_bytes_max);
    return outbox_.add(std::move(finished));
  }
  returned_.push_back(
      {finished.job, finished.first, count, finished.token.epoch, finished.token.lease, false});
}

// Goes back to the front of those that wait; or to the broker, if it asked for it or we are about to leave.
void WorkerCore::on_executor(Unstarted& unstarted) {
  Slot& slot = slots_.at(static_cast<std::size_t>(unstarted.slot));
  Waiting back = take_from(slot, unstarted.job, unstarted.token, unstarted.first, unstarted.count);
  const Held held{unstarted.job,         unstarted.first,       unstarted.count,
                  unstarted.token.epoch, unstarted.token.lease, false};
  const auto dropped = std::find_if(dropped_.begin(), dropped_.end(), [&](const Dropped& each) {
    return overlaps(held.job, held.first, held.first + held.count, held.token(), each.range);
  });
  if (dropped != dropped_.end() || draining_) {
    held_tasks_ -= unstarted.count;
    if (dropped == dropped_.end() || dropped->tell) returned_.push_back(held);
    return;
  }
  back.arguments =
      back.arguments.slice(static_cast<std::uint32_t>(unstarted.first - back.first), unstarted.count);
  back.first = unstarted.first;
  held_bytes_ += back.arguments.payloads.size();
  waiting_.push_front(std::move(back));
}

void WorkerCore::on_executor(TaskProgress& progress) { progress_[progress.task] = std::move(progress); }

void WorkerCore::on_executor(TaskOutput& output) { output_.push_back(std::move(output)); }

void WorkerCore::say_returned(std::vector<Held> tasks, TimePoint now, PeerEffects& effects) {
  for (std::size_t from = 0; from < tasks.size(); from += kPageEntries) {
    const auto begin = tasks.begin() + static_cast<std::ptrdiff_t>(from);
    const auto end = tasks.begin() + static_cast<std::ptrdiff_t>(std::min(tasks.size(), from + kPageEntries));
    session_.say(Returned{{begin, end}}, now, effects);
  }
}

void WorkerCore::drain(TimePoint now, PeerEffects& effects) {
  if (draining_) return;
  draining_ = true;
  session_.set_draining();
  session_.say(Drain{}, now, effects);
  std::vector<Held> returned;
  for (const Waiting& waiting : waiting_)
    returned.push_back({waiting.job, waiting.first, waiting.arguments.count(), waiting.token.epoch,
                        waiting.token.lease, false});
  for (const Held& held : returned) held_tasks_ -= held.count;
  waiting_.clear();
  held_bytes_ = 0;
  for (const Slot& slot : slots_) {
    for (const InSlot& work : slot.works)
      executor_.drop(work.job, work.left.front().first, work.left.back().end - work.left.front().first,
                     work.token);
  }
  say_returned(std::move(returned), now, effects);
}

void WorkerCore::give_up(TimePoint now, PeerEffects& effects) {
  drain(now, effects);
  giving_up_ = true;
  for (int slot = 0; slot < executor_.slots(); ++slot) {
    if (const std::optional<Running> running = executor_.running(slot))
      executor_.stop(slot, running->task, StopReason::Cancelled, now);
  }
}

// Without a broker, a worker that owes nothing leaves at once.
void WorkerCore::leave_if_done(TimePoint now, PeerEffects& effects) {
  if (draining_ && held_tasks_ == 0 && outbox_.empty()) leave(now, effects);
}

void WorkerCore::leave(TimePoint now, PeerEffects& effects) {
  if (std::exchange(done_, true)) return;
  session_.say(Goodbye{}, now, effects);
}

}  // namespace zonda
