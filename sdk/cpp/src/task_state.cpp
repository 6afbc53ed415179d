#include <zonda/detail/task_state.h>
#include <zonda/error.h>

#include <mutex>
#include <utility>
#include <vector>

#include "proto/report.h"
#include "sdk/cpp/src/awake_wait.h"
#include "sdk/cpp/src/futex.h"
#include "sdk/cpp/src/intake.h"
#include "sdk/cpp/src/job_ticket.h"
#include "sdk/cpp/src/task_reports.h"

namespace zonda::detail {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::duration<double> kWaitMax = std::chrono::hours(24 * 365);
constexpr std::chrono::milliseconds kProgressEvery{100};

thread_local AwakeWait awake_wait;

}  // namespace

Deadline deadline_after(std::chrono::duration<double> wait) {
  if (wait > kWaitMax) return std::nullopt;  // would not fit a time_point
  return steady_clock::now() + std::chrono::ceil<steady_clock::duration>(std::max(wait, wait.zero()));
}

// What few tasks need.
struct TaskState::Hooks {
  std::mutex mutex;
  std::vector<std::function<void()>> continuations;
  std::shared_ptr<const std::function<void(const Progress&)>> on_progress;
  Progress latest;
  bool posted = false;  // a call of on_progress is under way
  steady_clock::time_point called{};
};

TaskState::~TaskState() {
  const bool unseen = (status_.load(std::memory_order_acquire) & (kDone | kObserved)) == kDone;
  if (unseen && kind_ != 0 && kind_ != TaskReport::cancelled && ticket_)
    ticket_->intake().callbacks().log("task " + to_string(id()) + " " + describe(report()) +
                                      "; nobody looked at its future");
  delete hooks_.load(std::memory_order_acquire);
}

void TaskState::assign(std::shared_ptr<JobTicket> ticket, std::uint64_t index) {
  ticket_ = std::move(ticket);
  index_ = index;
}

std::shared_ptr<TaskState> TaskState::follow() const {
  auto next = std::make_shared<TaskState>();
  next->assign(ticket_, index_);
  return next;
}

bool TaskState::wait_until(const Deadline& deadline) const {
  if (ready() ||
      awake_wait.until([this] { return ready(); }, deadline.value_or(steady_clock::time_point::max())))
    return true;
  std::uint32_t status = status_.load(std::memory_order_acquire);
  while ((status & kDone) == 0) {
    if (deadline && steady_clock::now() >= *deadline) return false;
    if ((status & kWaiters) == 0 && !status_.compare_exchange_weak(status, status | kWaiters)) continue;
    futex_wait(status_, status | kWaiters, deadline);
    status = status_.load(std::memory_order_acquire);
  }
  return true;
}

bool TaskState::wait_accepted_until(const Deadline& deadline) const {
  return ticket_->wait_accepted(index_, deadline);
}

bool TaskState::cancel() {
  if (ready()) return false;
  return ticket_->intake().post(CancelOrder{ticket_->id(), index_, 1});
}

TaskId TaskState::id() const { return {ticket_->id(), index_}; }

TaskReport TaskState::report() const {
  observe();
  return report_of(kind_, payload_);
}

TaskState::Hooks& TaskState::hooks() {
  Hooks* known = hooks_.load();
  if (known != nullptr) return *known;
  auto fresh = std::make_unique<Hooks>();
  if (hooks_.compare_exchange_strong(known, fresh.get())) return *fresh.release();
  return *known;
}

void TaskState::run(std::function<void()> f) {
  if (ticket_->intake().callbacks().post(f)) return;
  f();  // the client is gone, and with it its thread: on the caller's, rather than never
}

// Either we see that it is done, or finish_resolve() sees our hooks: both use the order of all.
void TaskState::when_ready(std::function<void()> f) {
  Hooks& all = hooks();
  {
    const std::lock_guard lock(all.mutex);
    if ((status_.load() & kDone) == 0) return all.continuations.push_back(std::move(f));
  }
  run(std::move(f));
}

void TaskState::on_progress(std::function<void(const Progress&)> f) {
  Hooks& all = hooks();
  const std::lock_guard lock(all.mutex);
  all.on_progress = std::make_shared<const std::function<void(const Progress&)>>(std::move(f));
}

void TaskState::resolve(std::uint8_t kind, std::string_view payload) {
  if (ready()) return;
  kind_ = kind;
  payload_ = payload;
  finish_resolve();
}

void TaskState::resolve_local(std::shared_ptr<const void> result, const TaskReport* failure) {
  local_ = std::move(result);
  resolve(failure == nullptr ? 0 : failure->kind, failure == nullptr ? "" : encode_report(*failure));
}

void TaskState::finish_resolve() {
  const std::uint32_t before = status_.fetch_or(kDone);
  if ((before & kWaiters) != 0) futex_wake_all(status_);
  Hooks* all = hooks_.load();
  if (all == nullptr) return;
  std::vector<std::function<void()>> continuations;
  {
    const std::lock_guard lock(all->mutex);
    continuations.swap(all->continuations);
  }
  for (std::function<void()>& each : continuations) run(std::move(each));
}

void TaskState::say_progress(Progress progress) {
  Hooks* all = hooks_.load();
  if (all == nullptr) return;
  const std::lock_guard lock(all->mutex);
  if (!all->on_progress) return;
  all->latest = std::move(progress);
  if (std::exchange(all->posted, true)) return;
  ticket_->intake().callbacks().post([self = shared_from_this()] { self->report_progress(); },
                                     all->called + kProgressEvery);
}

void TaskState::report_progress() {
  Hooks& all = hooks();
  std::shared_ptr<const std::function<void(const Progress&)>> call;
  Progress latest;
  {
    const std::lock_guard lock(all.mutex);
    all.posted = false;
    all.called = steady_clock::now();
    call = all.on_progress;
    latest = std::move(all.latest);
  }
  if (call && !ready()) (*call)(latest);
}

}  // namespace zonda::detail
