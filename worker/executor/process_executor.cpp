#include "worker/executor/process_executor.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <zonda/detail/reader.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "proto/assert.h"
#include "proto/report.h"
#include "worker/executor/channel.h"
#include "worker/executor/child_process.h"
#include "worker/executor/slot_ledger.h"
#include "worker/executor/strays.h"
#include "worker/executor/task_run.h"

namespace zonda {
namespace {

using namespace std::chrono_literals;

constexpr auto kCommandCheck = 100ms;
constexpr auto kClosedGrace = 1s;  // from a closed channel to its process's end
constexpr auto kRetryMin = 100ms;
constexpr auto kRetryMax = 10s;
constexpr auto kStrayCheck = 10ms;
constexpr auto kStrayPatience = 1s;  // at the end
constexpr std::uint64_t kWakeMark = ~std::uint64_t{0};
constexpr int kFillsMax = 32;       // a turn per child: at least 8 MiB, then the others
constexpr int kFillsAll = 1 << 30;  // of a dead one: what its socket holds

}  // namespace

struct ProcessExecutor::Slot {
  explicit Slot(int slot_number) : number(slot_number), ledger(slot_number) {}

  int number;
  SlotLedger ledger;
  std::unique_ptr<ChildProcess> child;
  FrameReader reader;
  FrameWriter writer;
  std::vector<std::pair<std::string, std::string>> functions;  // as the child announced them
  bool greeted = false;
  bool waits_to_write = false;
  bool killed_to_stop = false;
  bool is_closed = false;  // its end of the socket
  std::string broke;       // what it did against the protocol
  std::optional<TimePoint> kill_at;
  int failures = 0;  // children in a row that died before they began a task
  std::optional<TimePoint> start_at;
};

ProcessExecutor::ProcessExecutor(const ProcessExecutorOptions& options)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      command_(options.command),
      spared_(children()) {
  ZONDA_ASSERT(options.slots > 0);
  if (!epoll_ || !wake_) throw std::system_error(errno, std::generic_category(), "epoll");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeMark;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
  set_subreaper(true);
  const TimePoint now = std::chrono::steady_clock::now();
  for (int number = 0; number < options.slots; ++number) {
    slots_.push_back(std::make_unique<Slot>(number));
    start_child(*slots_.back(), now);
  }
}

ProcessExecutor::~ProcessExecutor() {
  slots_.clear();
  if (has_children()) kill_strays(spared_, kStrayPatience);
  set_subreaper(false);
}

int ProcessExecutor::pid_of(int slot) const { return at(slot).child ? at(slot).child->pid() : 0; }

// --- children come

void ProcessExecutor::start_child(Slot& slot, TimePoint now) {
  slot.start_at.reset();
  try {
    slot.child = std::make_unique<ChildProcess>(command_);
  } catch (const std::system_error& error) {
    ++slot.failures;
    return retry_later(slot, std::string("cannot start an executor child: ") + error.what(), now);
  }
  slot.reader = {};
  slot.writer = {};
  slot.greeted = slot.waits_to_write = slot.killed_to_stop = slot.is_closed = false;
  slot.broke.clear();
  slot.kill_at.reset();
  slot.ledger.bind(slot.child->page());
  watch(slot, Source::Socket, slot.child->socket());
  watch(slot, Source::Pidfd, slot.child->pidfd());
  watch(slot, Source::Stderr, slot.child->stderr_pipe());
}

void ProcessExecutor::retry_later(Slot& slot, const std::string& why, TimePoint now) {
  fault_ = why;
  const int doublings = std::clamp(slot.failures - 2, 0, 10);
  slot.start_at = now + std::min<std::chrono::milliseconds>(kRetryMin * (1 << doublings), kRetryMax);
}

void ProcessExecutor::watch(const Slot& slot, Source source, int fd) {
  epoll_event event{};
  event.events = source == Source::Socket ? socket_events(slot) : std::uint32_t{EPOLLIN};
  event.data.u64 = static_cast<std::uint64_t>(slot.number) * 4 + static_cast<std::uint64_t>(source);
  const int done = ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  ZONDA_ASSERT(done == 0);
}

void ProcessExecutor::unwatch(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

// --- what the agent asks for

void ProcessExecutor::start(int slot, Work work) {
  Slot& target = at(slot);
  target.ledger.add(std::move(work));
  const std::size_t before = events_.size();
  hand_over(target);
  if (events_.size() != before) wake();
}

void ProcessExecutor::hand_over(Slot& slot) {
  if (!slot.greeted || slot.is_closed || !slot.broke.empty()) return;
  while (const Piece* piece = slot.ledger.hand_over()) {
    const Work& work = piece->work;
    const auto found = std::find_if(slot.functions.begin(), slot.functions.end(), [&](const auto& served) {
      return served.first == work.function && (work.signature.empty() || served.second == work.signature);
    });
    if (found == slot.functions.end()) {
      slot.ledger.refuse(report_unknown_function(work.function, work.signature), events_);
      continue;
    }
    const WorkFrame frame{{piece->sequence, work.job, work.first, work.token, work.attempt},
                          static_cast<std::uint32_t>(found - slot.functions.begin()),
                          work.arguments};
    slot.writer.push(FrameKind::Work, encode_head(frame), {work.arguments.lengths, work.arguments.payloads},
                     work.slab);
  }
  flush(slot);
}

// A closed socket is no news here: its reader or the pidfd will tell.
void ProcessExecutor::flush(Slot& slot) {
  const bool waits = slot.writer.flush(slot.child->socket()) == FrameWriter::Flushed::Some;
  if (waits == slot.waits_to_write) return;
  slot.waits_to_write = waits;
  rewatch_socket(slot);
}

std::uint32_t ProcessExecutor::socket_events(const Slot& slot) const {
  return (holds_results_ ? 0U : std::uint32_t{EPOLLIN}) |
         (slot.waits_to_write ? std::uint32_t{EPOLLOUT} : 0U);
}

// A socket that is not watched any more stays so.
void ProcessExecutor::rewatch_socket(const Slot& slot) {
  epoll_event event{};
  event.events = socket_events(slot);
  event.data.u64 = static_cast<std::uint64_t>(slot.number) * 4 + static_cast<std::uint64_t>(Source::Socket);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, slot.child->socket(), &event);
}

void ProcessExecutor::stop(int slot, const TaskId& task, StopReason reason, TimePoint now) {
  Slot& target = at(slot);
  if (target.ledger.stop(task, reason, now)) target.kill_at = now + kStopGrace;
}

void ProcessExecutor::drop(const JobId& job, std::uint64_t first, std::uint64_t count, Token token) {
  const std::size_t before = events_.size();
  for (const auto& slot : slots_) slot->ledger.drop(job, first, count, token, events_);
  if (events_.size() != before) wake();
}

void ProcessExecutor::output_room(int slot, const TaskId& task, std::uint64_t upto) {
  at(slot).ledger.output_room(task, upto);
}

void ProcessExecutor::hold_results(bool hold) {
  if (std::exchange(holds_results_, hold) == hold) return;
  for (const auto& slot : slots_) {
    if (slot->child) rewatch_socket(*slot);
  }
}

std::optional<Running> ProcessExecutor::running(int slot) const { return at(slot).ledger.running(); }

void ProcessExecutor::wake() {
  const std::uint64_t one = 1;
  const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  ZONDA_ASSERT(written == sizeof one);
}

// --- what happens

std::vector<ExecutorEvent> ProcessExecutor::take_events(TimePoint now) {
  std::array<epoll_event, 64> ready{};
  const int count = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), 0);
  for (int at = 0; at < count; ++at)
    on_readable(ready[static_cast<std::size_t>(at)].data.u64, ready[static_cast<std::size_t>(at)].events,
                now);
  for (const auto& slot : slots_) on_time(*slot, now);
  if (strays_at_ && now >= *strays_at_) end_strays(now);
  return std::exchange(events_, {});
}

void ProcessExecutor::on_readable(std::uint64_t what, std::uint32_t how, TimePoint now) {
  if (what == kWakeMark) {
    std::uint64_t rings = 0;
    if (::read(wake_.get(), &rings, sizeof rings) < 0) ZONDA_ASSERT(errno == EAGAIN);
    return;
  }
  Slot& slot = at(static_cast<int>(what / 4));
  if (!slot.child) return;
  switch (static_cast<Source>(what % 4)) {
    case Source::Socket: return on_socket(slot, how, now);
    case Source::Pidfd: return on_death(slot, now);
    case Source::Stderr:
      if (!slot.child->read_stderr()) unwatch(slot.child->stderr_pipe());
      return;
  }
}

void ProcessExecutor::on_socket(Slot& slot, std::uint32_t how, TimePoint now) {
  if (!holds_results_ || (how & (EPOLLHUP | EPOLLERR)) != 0) read_frames(slot, kFillsMax, now);
  hand_over(slot);
}

void ProcessExecutor::read_frames(Slot& slot, int fills_max, TimePoint now) {
  try {
    for (int fills = 0; fills < fills_max && !slot.is_closed; ++fills) {
      const FrameReader::Filled filled = slot.reader.fill(slot.child->socket());
      if (filled == FrameReader::Filled::Nothing) return;
      if (filled == FrameReader::Filled::Closed) {
        unwatch(slot.child->socket());
        slot.is_closed = true;
        slot.kill_at = now + kClosedGrace;  // usually it is just ending
        return;
      }
      while (const std::optional<Frame> frame = slot.reader.next()) {
        if (!on_frame(slot, *frame)) throw detail::DecodeError("what it says cannot be");
      }
    }
  } catch (const detail::DecodeError& error) {
    unwatch(slot.child->socket());
    slot.broke = std::string("broke the protocol: ") + error.what();
    slot.kill_at = now;
  }
}

bool ProcessExecutor::on_frame(Slot& slot, const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::Hello: {
      HelloFrame hello = decode_hello(frame);
      if (hello.protocol != kExecutorProtocol || slot.greeted) return false;
      slot.functions = std::move(hello.functions);
      slot.greeted = true;
      fault_.clear();
      return true;
    }
    case FrameKind::Finished: return slot.ledger.accept(copy_of(decode_finished(frame)), events_);
    case FrameKind::Output: {
      const OutputFrame output = decode_output(frame);
      const Piece* piece = slot.ledger.piece_of(output.sequence);
      if (piece == nullptr || output.at >= piece->work.arguments.count()) return false;
      events_.push_back(TaskOutput{{piece->work.job, piece->work.first + output.at},
                                   piece->work.token,
                                   piece->work.attempt,
                                   output.stream,
                                   output.offset,
                                   std::string(output.bytes)});
      return true;
    }
    case FrameKind::Work: return false;
  }
  return true;  // of a later minor version
}

// The order matters: nothing of its group writes any more, all it sent is accepted, then somebody is blamed.
void ProcessExecutor::on_death(Slot& slot, TimePoint now) {
  for (const int fd : {slot.child->socket(), slot.child->stderr_pipe(), slot.child->pidfd()}) unwatch(fd);
  const ProcessEnd end = slot.child->reap();
  const std::string tail = slot.child->stderr_tail();
  if (slot.broke.empty()) read_frames(slot, kFillsAll, now);
  std::optional<std::string> report;
  if (!slot.killed_to_stop) report = crash_report(slot, end, tail);
  slot.ledger.runner_died(report, events_);
  const bool was_of_use = slot.ledger.has_begun_a_task();
  slot.child.reset();
  strays_at_ = now;      // once a turn, however many died
  slot.greeted = false;  // nothing is handed over until the next one announces itself
  if (was_of_use)
    slot.failures = 0;
  else
    ++slot.failures;
  if (slot.failures <= 1) return start_child(slot, now);
  retry_later(
      slot,
      "executor children end before they begin a task: " + to_string(end) + (tail.empty() ? "" : "\n") + tail,
      now);
}

std::string ProcessExecutor::crash_report(const Slot& slot, const ProcessEnd& end,
                                          const std::string& stderr_tail) {
  TaskReport report;
  report.kind = TaskReport::crashed;
  report.type = end.signal != 0 ? "signal" : "exit";
  report.message = slot.broke.empty() ? to_string(end) : "its executor " + slot.broke + "; " + to_string(end);
  report.signal = end.signal;
  report.exit_code = end.exit_code;
  report.peak_rss_bytes = end.peak_rss_bytes;
  report.stderr_tail = stderr_tail;
  if (slot.broke.empty()) report.message += oom_watch_.hint_for(end.signal);
  return encode_report(report);
}

// Whoever left its group or session is our child by now. Children of other slots are their own subreapers.
void ProcessExecutor::end_strays(TimePoint now) {
  strays_at_.reset();
  if (!has_children()) return;
  std::set<int> spared = spared_;
  for (const auto& slot : slots_) {
    if (slot->child) spared.insert(slot->child->pid());
  }
  if (!kill_strays(spared, 0ms)) strays_at_ = now + kStrayCheck;
}

// --- time passes

void ProcessExecutor::on_time(Slot& slot, TimePoint now) {
  if (slot.start_at && now >= *slot.start_at) start_child(slot, now);
  if (!slot.child) return;
  if (slot.kill_at && now >= *slot.kill_at) kill_when_due(slot, now);
  slot.ledger.look(now, events_);
}

void ProcessExecutor::kill_when_due(Slot& slot, TimePoint now) {
  slot.kill_at.reset();
  if (slot.is_closed && slot.broke.empty()) slot.broke = "closed its channel";
  if (!slot.broke.empty()) return slot.child->kill();
  const std::optional<Stopping>& stopping = slot.ledger.stopping();
  if (!stopping) return;  // it ended in time
  const bool runs_command = slot.child->page().command_group.load(std::memory_order_acquire) != 0;
  if (runs_command && now < stopping->since + kCommandStopGrace) {
    slot.kill_at = now + kCommandCheck;
    return;
  }
  if (!slot.ledger.isolate_stopping(events_)) return;
  slot.killed_to_stop = true;
  slot.child->kill();
}

std::optional<TimePoint> ProcessExecutor::next_deadline() const {
  std::optional<TimePoint> next = strays_at_;
  const auto consider = [&next](const std::optional<TimePoint>& time) {
    if (time && (!next || *time < *next)) next = time;
  };
  for (const auto& slot : slots_) {
    consider(slot->start_at);
    consider(slot->kill_at);
    if (slot->child) consider(slot->ledger.next_look());
  }
  return next;
}

}  // namespace zonda
