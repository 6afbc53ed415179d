#include "worker/executor/slot_ledger.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "proto/assert.h"
#include "worker/executor/journal.h"
#include "worker/executor/outcome.h"
#include "worker/executor/slot_control.h"
#include "worker/executor/stop_watch.h"

namespace zonda {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kHandedOverMax = 2;  // one runs, one waits
constexpr auto kLookIntervalMin = 5ms;
constexpr auto kLookIntervalMax = 50ms;
constexpr auto kProgressInterval = 100ms;

TaskReport::Kind kind_of(StopReason reason) {
  return reason == StopReason::TimedOut ? TaskReport::timed_out : TaskReport::cancelled;
}

std::string_view as_bytes(const std::uint32_t& length) {
  return {reinterpret_cast<const char*>(&length), sizeof length};
}

// Drops the first `count` outcomes: they were told before.
void forget_front(OutcomeBatch& batch, std::uint32_t count) {
  const Column column{batch.lengths, batch.payloads};
  const std::size_t bytes = column.slice(0, count).payloads.size();
  batch.payloads.erase(0, bytes);
  batch.lengths.erase(0, 4 * std::size_t{count});
  if (!batch.kinds.empty()) batch.kinds.erase(0, count);
  batch.first += count;
  batch.count -= count;
}

bool is_sound(const OutcomeBatch& batch) {
  const bool kinds_fit = batch.kinds.empty() || batch.kinds.size() == batch.count;
  const auto is_known = [](char kind) { return static_cast<std::uint8_t>(kind) <= TaskReport::expired; };
  return kinds_fit && batch.lengths.size() == 4 * std::size_t{batch.count} &&
         Column{batch.lengths, batch.payloads}.consistent() &&
         std::all_of(batch.kinds.begin(), batch.kinds.end(), is_known);
}

}  // namespace

void SlotLedger::bind(SlotPage& page) {
  ZONDA_ASSERT(pieces_.empty() || !pieces_.front().is_handed_over());
  page_ = &page;
  progress_seen_ = 0;
  busy_told_ = 0ns;
  has_begun_ = false;
  stopping_.reset();
}

void SlotLedger::add(Work work) {
  const std::uint32_t count = work.arguments.count();
  if (count > 0) pieces_.push_back({std::move(work), 0, count, 0});
}

const Piece* SlotLedger::hand_over() {
  std::size_t at = 0;
  while (at < pieces_.size() && pieces_[at].is_handed_over()) ++at;
  if (at == pieces_.size() || at >= kHandedOverMax) return nullptr;
  Piece& piece = pieces_[at];
  if (++last_sequence_ == 0) last_sequence_ = 2;  // 0 means none; evenness goes on alternating
  piece.sequence = last_sequence_;
  page_->cursor(piece.sequence).reset(piece.end);
  if (at == 0) {
    look_interval_ = kLookIntervalMin;
    next_look_ = std::chrono::steady_clock::now() + look_interval_;
  }
  return &piece;
}

void SlotLedger::refuse(const std::string& report, ExecutorEvents& events) {
  const auto at = std::find_if(pieces_.begin(), pieces_.end(),
                               [this](const Piece& piece) { return piece.sequence == last_sequence_; });
  ZONDA_ASSERT(at != pieces_.end());
  OutcomeBatch batch;
  batch.count = at->end;
  batch.kinds.assign(batch.count, static_cast<char>(TaskReport::failed));
  for (std::uint32_t left = batch.count; left > 0; --left) {
    batch.lengths += as_bytes(static_cast<std::uint32_t>(report.size()));
    batch.payloads += report;
  }
  answer(*at, std::move(batch), events);
  pieces_.erase(at);
  --last_sequence_;  // the runner never saw it: the next one takes its place
}

// --- what the agent asks for

void SlotLedger::drop(const JobId& job, std::uint64_t first, std::uint64_t count, Token token,
                      ExecutorEvents& events) {
  for (std::size_t at = 0, n = pieces_.size(); at < n; ++at) {
    if (pieces_[at].work.job == job && pieces_[at].work.token == token) drop_from(at, first, count, events);
  }
  std::erase_if(pieces_, [](const Piece& piece) { return !piece.is_handed_over() && piece.end == 0; });
}

void SlotLedger::drop_from(std::size_t index, std::uint64_t first, std::uint64_t count,
                           ExecutorEvents& events) {
  Piece& piece = pieces_[index];
  const std::uint64_t begins = piece.work.first;
  const std::uint64_t ends = begins + piece.end;
  const std::uint64_t from = std::max(first, begins);
  const std::uint64_t to = count > ends - std::min(first, ends) ? ends : std::min(ends, first + count);
  if (from >= to) return;
  const std::uint32_t old_end = piece.end;
  const auto after = static_cast<std::uint32_t>(to - begins);
  const std::uint32_t end = lower_end(piece, static_cast<std::uint32_t>(from - begins));
  give_back(piece, end, std::max(end, after), events);
  const std::uint32_t kept = std::max(end, after);
  if (kept >= old_end) return;
  Piece rest{piece.work, 0, old_end - kept, 0};  // behind the dropped part: still to be run
  rest.work.first += kept;
  rest.work.arguments = piece.work.arguments.slice(kept, old_end - kept);
  pieces_.push_back(std::move(rest));
}

std::uint32_t SlotLedger::lower_end(Piece& piece, std::uint32_t from) {
  if (piece.is_handed_over())
    piece.end = std::min(piece.end, page_->cursor(piece.sequence).lower_end(std::max(from, piece.answered)));
  else
    piece.end = from;
  return piece.end;
}

void SlotLedger::give_back(const Piece& piece, std::uint32_t from, std::uint32_t to,
                           ExecutorEvents& events) const {
  if (from >= to) return;
  events.push_back(Unstarted{slot_, piece.work.job, piece.work.first + from, to - from, piece.work.token});
}

std::optional<std::uint64_t> SlotLedger::key_of(const TaskId& task) const {
  const std::optional<Current> running = current();
  if (!running || running->piece->work.job != task.job ||
      running->piece->work.first + running->at != task.index) {
    return std::nullopt;
  }
  return task_key(running->piece->sequence, running->at);
}

bool SlotLedger::stop(const TaskId& task, StopReason reason, TimePoint now) {
  const std::optional<std::uint64_t> key = key_of(task);
  if (!key || (stopping_ && stopping_->task == *key)) return false;
  stopping_ = Stopping{*key, reason, now};
  ring_stop_bell(*page_, *key);
  return true;
}

void SlotLedger::output_room(const TaskId& task, std::uint64_t upto) {
  const std::optional<std::uint64_t> key = key_of(task);
  if (!key) return;
  page_->output_upto.store(upto, std::memory_order_relaxed);
  page_->output_task.store(*key, std::memory_order_release);
}

bool SlotLedger::isolate_stopping(ExecutorEvents& events) {
  for (Piece& piece : pieces_) {
    if (!piece.is_handed_over()) continue;
    const std::uint32_t old_end = piece.end;
    give_back(piece, lower_end(piece, 0), old_end, events);
  }
  const std::optional<Current> running = current();
  return running && stopping_ && task_key(running->piece->sequence, running->at) == stopping_->task;
}

// Nothing but that task is in doubt then, so that none is told twice: what the runner still says is not
// heard.
bool SlotLedger::abandon(ExecutorEvents& events) {
  fetch_journal(false, events);
  if (!isolate_stopping(events)) return false;
  for (const Piece& piece : pieces_) {
    if (piece.sequence == static_cast<std::uint32_t>(stopping_->task >> 32)) {
      if (piece.answered != static_cast<std::uint32_t>(stopping_->task)) return false;
      break;
    }
    if (piece.answered != piece.end) return false;
  }
  end_runner(std::nullopt, events);
  return true;
}

// --- what the runner says

bool SlotLedger::accept(OutcomeBatch batch, ExecutorEvents& events) {
  Piece* piece = find(batch.sequence);
  if (piece == nullptr || piece != &pieces_.front() || !is_sound(batch)) return false;
  if (batch.first > piece->answered) return false;
  batch.busy -= std::min(batch.busy, std::exchange(busy_told_, 0ns));
  const bool is_last = batch.last;
  const std::uint32_t known = std::min(piece->answered - batch.first, batch.count);
  if (known > 0) forget_front(batch, known);
  if (batch.count > piece->end - piece->answered) return false;
  if (batch.count > 0) answer(*piece, std::move(batch), events);
  if (!is_last) return true;
  if (piece->answered != piece->end) return false;
  pieces_.pop_front();
  return true;
}

void SlotLedger::answer(Piece& piece, OutcomeBatch batch, ExecutorEvents& events) {
  restate_stopped(piece, batch);
  has_begun_ = true;
  Finished finished;
  finished.slot = slot_;
  finished.job = piece.work.job;
  finished.first = piece.work.first + piece.answered;
  finished.token = piece.work.token;
  const bool only_values =
      std::all_of(batch.kinds.begin(), batch.kinds.end(), [](char kind) { return kind == 0; });
  if (!only_values) finished.kinds = std::move(batch.kinds);
  finished.lengths = std::move(batch.lengths);
  finished.payloads = std::move(batch.payloads);
  finished.busy = std::chrono::duration_cast<std::chrono::microseconds>(batch.busy);
  piece.answered += batch.count;
  events.push_back(std::move(finished));
}

void SlotLedger::answer_one(Piece& piece, std::uint8_t kind, std::string payload, ExecutorEvents& events) {
  OutcomeBatch batch;
  batch.first = piece.answered;
  batch.count = 1;
  batch.kinds.assign(1, static_cast<char>(kind));
  batch.lengths = as_bytes(static_cast<std::uint32_t>(payload.size()));
  batch.payloads = std::move(payload);
  answer(piece, std::move(batch), events);
}

// A task that was asked to stop ends as stopped, whatever it returned.
void SlotLedger::restate_stopped(const Piece& piece, OutcomeBatch& batch) {
  if (!stopping_ || piece.sequence != static_cast<std::uint32_t>(stopping_->task >> 32)) return;
  const auto at = static_cast<std::uint32_t>(stopping_->task);
  if (at < piece.answered || at - piece.answered >= batch.count) return;
  const std::uint32_t position = at - piece.answered;
  const Column column{batch.lengths, batch.payloads};
  const std::size_t offset = column.slice(0, position).payloads.size();
  const std::uint32_t length = column.length(position);
  if (batch.kinds.empty()) batch.kinds.assign(batch.count, static_cast<char>(kValue));
  const TaskReport::Kind kind = kind_of(stopping_->reason);
  const std::string report = restated_as(kind, static_cast<std::uint8_t>(batch.kinds[position]),
                                         std::string_view(batch.payloads).substr(offset, length));
  batch.kinds[position] = static_cast<char>(kind);
  batch.payloads.replace(offset, length, report);
  const auto new_length = static_cast<std::uint32_t>(report.size());
  std::memcpy(batch.lengths.data() + 4 * std::size_t{position}, &new_length, 4);
  stopping_.reset();
}

void SlotLedger::runner_died(const std::optional<std::string>& report, ExecutorEvents& events) {
  if (page_ != nullptr) fetch_journal(true, events);
  end_runner(report, events);
}

void SlotLedger::end_runner(const std::optional<std::string>& report, ExecutorEvents& events) {
  for (Piece& piece : pieces_) {
    if (!piece.is_handed_over()) break;
    const Cursor::View cursor = page_->cursor(piece.sequence).view();
    const bool was_running = cursor.next > piece.answered && piece.answered < piece.end;
    has_begun_ = has_begun_ || was_running;
    const bool was_stopping = stopping_ && stopping_->task == task_key(piece.sequence, piece.answered);
    if (was_running && was_stopping) {
      answer_one(piece, kValue, {}, events);  // restated as the stop that was asked for
    } else if (was_running && report) {
      answer_one(piece, TaskReport::crashed, *report, events);
    }
    give_back(piece, piece.answered, piece.end, events);
  }
  std::erase_if(pieces_, [](const Piece& piece) { return piece.is_handed_over(); });
  stopping_.reset();
}

// --- what the agent sees without being told

void SlotLedger::look(TimePoint now, ExecutorEvents& events) {
  if (pieces_.empty() || !pieces_.front().is_handed_over() || now < next_look_) return;
  fetch_journal(false, events);
  fetch_progress(now, events);
  const std::optional<Current> running = current();
  const std::uint64_t task = running ? task_key(running->piece->sequence, running->at) : 0;
  has_begun_ = has_begun_ || running;
  // A long task is looked at less often, short ones report themselves.
  look_interval_ = std::exchange(looked_at_task_, task) == task
                       ? std::min(2 * look_interval_, kLookIntervalMax)
                       : kLookIntervalMin;
  next_look_ = now + look_interval_;
}

std::optional<TimePoint> SlotLedger::next_look() const {
  if (pieces_.empty() || !pieces_.front().is_handed_over()) return std::nullopt;
  return next_look_;
}

void SlotLedger::fetch_journal(bool runner_is_gone, ExecutorEvents& events) {
  const std::int64_t until_ns = page_->started_at_ns.load(std::memory_order_acquire);
  std::optional<OutcomeBatch> batch = read_journal(page_->journal, runner_is_gone);
  if (!batch) return;
  Piece* piece = find(batch->sequence);
  if (piece == nullptr || batch->first > piece->answered || !is_sound(*batch)) return;
  const std::uint32_t known = std::min(piece->answered - batch->first, batch->count);
  if (known == batch->count) return;
  forget_front(*batch, known);
  if (batch->count > piece->end - piece->answered) return;
  const std::chrono::nanoseconds busy = std::max(std::chrono::nanoseconds(until_ns) - batch->busy, 0ns);
  batch->busy = std::max(busy - busy_told_, 0ns);
  busy_told_ += batch->busy;
  answer(*piece, std::move(*batch), events);
}

void SlotLedger::fetch_progress(TimePoint now, ExecutorEvents& events) {
  if (now < next_progress_) return;
  std::optional<ProgressNote> note = read_progress(page_->progress, progress_seen_);
  if (!note) return;
  progress_seen_ = note->version;
  next_progress_ = now + kProgressInterval;
  const auto sequence = static_cast<std::uint32_t>(note->task >> 32);
  const auto at = static_cast<std::uint32_t>(note->task);
  const Piece* piece = piece_of(sequence);
  if (piece == nullptr || at < piece->answered || at >= piece->end) return;  // its outcome has overtaken it
  events.push_back(TaskProgress{{piece->work.job, piece->work.first + at},
                                piece->work.token,
                                note->done,
                                note->total,
                                std::move(note->text)});
}

std::optional<Running> SlotLedger::running() const {
  for (;;) {
    const std::optional<Current> before = current();
    if (!before) return std::nullopt;
    const std::int64_t since_ns = page_->started_at_ns.load(std::memory_order_acquire);
    const std::optional<Current> after = current();
    if (!after || after->piece != before->piece || after->at != before->at) continue;
    const Work& work = before->piece->work;
    return Running{
        {work.job, work.first + before->at},
        work.token,
        TimePoint(std::chrono::duration_cast<TimePoint::duration>(std::chrono::nanoseconds(since_ns)))};
  }
}

std::optional<SlotLedger::Current> SlotLedger::current() const {
  for (const Piece& piece : pieces_) {
    if (!piece.is_handed_over()) break;
    const Cursor::View cursor = page_->cursor(piece.sequence).view();
    if (cursor.is_running() && cursor.next <= piece.end && cursor.next > piece.answered) {
      return Current{&piece, cursor.next - 1};
    }
  }
  return std::nullopt;
}

Piece* SlotLedger::find(std::uint32_t sequence) {
  return const_cast<Piece*>(std::as_const(*this).piece_of(sequence));
}

const Piece* SlotLedger::piece_of(std::uint32_t sequence) const {
  for (const Piece& piece : pieces_) {
    if (piece.is_handed_over() && piece.sequence == sequence) return &piece;
  }
  return nullptr;
}

}  // namespace zonda
