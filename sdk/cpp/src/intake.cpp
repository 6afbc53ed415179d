#include "sdk/cpp/src/intake.h"

#include <algorithm>
#include <utility>

#include "proto/limits.h"
#include "proto/report.h"
#include "sdk/cpp/src/job_specs.h"
#include "sdk/cpp/src/new_job_id.h"
#include "sdk/cpp/src/submit_job.h"
#include "sdk/cpp/src/task_cost.h"
#include "sdk/cpp/src/task_reports.h"

namespace zonda {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kBatchesAhead = 4;        // small ones, before calls gather
constexpr std::uint64_t kJobTasksMax = 65'536;  // then a new job: the broker forgets whole jobs
constexpr std::size_t kGroupsMax = 64;          // different options; the longest unused one makes room
constexpr std::chrono::seconds kIdle{30};

template <class Bytes>
std::string_view view_of(const Bytes& bytes) {
  return {bytes.data(), bytes.size()};
}

AppendOrder append_order(const JobId& job, std::string_view lengths, std::string&& payloads) {
  if (Slab::is_worth_taking(payloads)) {
    struct Parts {
      std::string lengths;
      std::string payloads;
    };
    Column column;
    Slab slab = Slab::adopt(Parts{std::string(lengths), std::move(payloads)}, [&](const Parts& parts) {
      column = {parts.lengths, parts.payloads};
      return column.payloads;
    });
    return {job, std::move(slab), column};
  }
  Slab slab(lengths, payloads);
  const std::string_view bytes = slab.view();
  const Column column{bytes.substr(0, lengths.size()), bytes.substr(lengths.size())};
  return {job, std::move(slab), column};
}

void add_length(std::string& lengths, std::size_t length) {
  const auto value = static_cast<std::uint32_t>(length);
  lengths.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::shared_ptr<detail::TaskState> cancelled_task(std::shared_ptr<Intake> intake) {
  auto task = std::make_shared<detail::TaskState>();
  task->assign(std::make_shared<detail::JobTicket>(JobId{}, std::move(intake)), 0);
  task->resolve(TaskReport::cancelled, encode_report(client_ended()));
  return task;
}

}  // namespace

Intake::Intake(std::shared_ptr<CallbackThread> callbacks) : callbacks_(std::move(callbacks)) {}

bool Intake::Group::matches(const detail::CallParts& other) const {
  return call.function == other.function && call.signature == other.signature &&
         call.options == other.options;
}

bool Intake::Group::may_leave() const { return !tasks.empty() && on_way.size() < kBatchesAhead; }

bool Intake::post(Order order) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  orders_.push_back(std::move(order));
  wake_if_needed();
  return true;
}

std::uint64_t Intake::next_question() {
  const std::lock_guard lock(mutex_);
  return ++questions_;
}

// The I/O thread looks here before each sleep, so it is woken only from one: once per batch at most.
void Intake::wake_if_needed() {
  if (!std::exchange(sleeping_, false)) return;
  woken_ = true;
  wake_.wake();  // under the lock: take() must not drain before it
}

void Intake::wait_for_room(std::unique_lock<std::mutex>& lock) {
  if (has_room()) return;
  ++waiting_;
  room_.wait(lock, [this] { return closed_ || has_room(); });
  --waiting_;
}

bool Intake::may_append() const {
  const std::lock_guard lock(mutex_);
  return closed_ || has_room();
}

bool Intake::append(const JobId& job, std::string_view lengths, std::string&& payloads) {
  AppendOrder order = append_order(job, lengths, std::move(payloads));
  std::unique_lock lock(mutex_);
  wait_for_room(lock);
  if (closed_) return false;
  queued_ += task_cost(order.arguments);
  orders_.emplace_back(std::move(order));
  wake_if_needed();
  return true;
}

std::shared_ptr<detail::TaskState> Intake::submit(detail::CallParts call) {
  if (call.options.detached || !call.options.key.empty()) return submit_alone(std::move(call));
  auto task = std::make_shared<detail::TaskState>();
  std::unique_lock lock(mutex_);
  wait_for_room(lock);
  if (closed_) return cancelled_task(shared_from_this());
  Group& group = group_of(call);
  add(group, call.arguments, task);
  if (group.lengths.size() >= 4 * kFrameTasks || group.payloads.size() >= kFrameBytes) {
    flush(group);
    wake_if_needed();
  } else if (group.may_leave()) {
    wake_if_needed();
  }
  return task;
}

// A call that outlives its client, or is shared with others, is a job of its own.
std::shared_ptr<detail::TaskState> Intake::submit_alone(detail::CallParts call) {
  const JobId id = new_job_id();
  auto ticket = std::make_shared<detail::JobTicket>(id, shared_from_this());
  auto job = std::make_shared<SubmitJob>(ticket);
  auto task = std::make_shared<detail::TaskState>();
  task->assign(std::move(ticket), 0);
  std::string lengths;
  add_length(lengths, call.arguments.size());
  OpenOrder open{id, job_spec_of(call), job};
  AppendOrder order = append_order(id, lengths, std::move(call.arguments));
  order.futures = job;
  order.tasks = {task};
  std::unique_lock lock(mutex_);
  wait_for_room(lock);
  if (closed_) return cancelled_task(shared_from_this());
  queued_ += task_cost(order.arguments);
  orders_.emplace_back(std::move(open));
  orders_.emplace_back(std::move(order));
  orders_.emplace_back(CloseOrder{id});
  wake_if_needed();
  return task;
}

Intake::Group& Intake::group_of(detail::CallParts& call) {
  if (last_group_ < groups_.size() && groups_[last_group_]->matches(call)) return *groups_[last_group_];
  const auto known = std::find_if(groups_.begin(), groups_.end(),
                                  [&](const std::unique_ptr<Group>& each) { return each->matches(call); });
  if (known != groups_.end()) {
    last_group_ = static_cast<std::size_t>(known - groups_.begin());
    return **known;
  }
  if (groups_.size() >= kGroupsMax) {
    const auto oldest =
        std::min_element(groups_.begin(), groups_.end(),
                         [](const auto& one, const auto& other) { return one->used < other->used; });
    retire(static_cast<std::size_t>(oldest - groups_.begin()));
  }
  auto group = std::make_unique<Group>();
  group->id = new_job_id();
  group->call.function = call.function;
  group->call.signature = call.signature;
  group->call.options = call.options;
  group->job =
      std::make_shared<SubmitJob>(std::make_shared<detail::JobTicket>(group->id, shared_from_this()));
  orders_.emplace_back(OpenOrder{group->id, job_spec_of(group->call), group->job});
  last_group_ = groups_.size();
  groups_.push_back(std::move(group));
  return *groups_.back();
}

void Intake::add(Group& group, std::string_view arguments, std::shared_ptr<detail::TaskState> task) {
  task->assign(group.job->ticket(), group.count);
  add_length(group.lengths, arguments.size());
  group.payloads.append(arguments);
  group.tasks.push_back(std::move(task));
  queued_ += arguments.size() + kTaskOverhead;
  ++group.count;
}

void Intake::flush(Group& group) {
  if (group.tasks.empty()) return;
  AppendOrder order = append_order(group.id, group.lengths, std::move(group.payloads));
  order.futures = group.job;
  order.tasks = std::move(group.tasks);
  orders_.emplace_back(std::move(order));
  group.lengths.clear();
  group.payloads.clear();
  group.tasks.clear();
  group.tasks.reserve(kFrameTasks / 8);
  group.on_way.push_back(group.count);
  group.used = steady_clock::now();
  if (group.count < kJobTasksMax) return;
  const auto at = std::find_if(groups_.begin(), groups_.end(),
                               [&](const std::unique_ptr<Group>& each) { return each.get() == &group; });
  retire(static_cast<std::size_t>(at - groups_.begin()));
}

void Intake::retire(std::size_t at) {
  std::unique_ptr<Group> group = std::move(groups_[at]);
  groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(at));
  group->count = 0;  // so that the last flush does not come back here
  flush(*group);
  orders_.emplace_back(CloseOrder{group->id});
}

void Intake::retire(const SubmitJob& job) {
  const std::lock_guard lock(mutex_);
  for (std::size_t at = 0; at < groups_.size(); ++at) {
    if (groups_[at]->job.get() == &job) return retire(at);
  }
}

void Intake::cancel(const JobId& job) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  const auto group = std::find_if(groups_.begin(), groups_.end(),
                                  [&](const std::unique_ptr<Group>& each) { return each->id == job; });
  if (group != groups_.end()) retire(static_cast<std::size_t>(group - groups_.begin()));
  orders_.emplace_back(CancelAnyOrder{job});
  wake_if_needed();
}

void Intake::retire_idle(steady_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  for (std::size_t at = groups_.size(); at-- > 0;) {
    if (groups_[at]->tasks.empty() && now - groups_[at]->used >= kIdle) retire(at);
  }
}

void Intake::accepted(const SubmitJob& job, std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  for (const std::unique_ptr<Group>& group : groups_) {
    if (group->job.get() != &job) continue;
    while (!group->on_way.empty() && group->on_way.front() <= count) group->on_way.pop_front();
  }
}

void Intake::take(std::vector<Order>& orders) {
  const std::lock_guard lock(mutex_);
  sleeping_ = false;
  if (std::exchange(woken_, false)) wake_.drain();
  for (std::size_t at = groups_.size(); at-- > 0;) {  // flush() may retire the group
    if (groups_[at]->may_leave()) flush(*groups_[at]);
  }
  orders.swap(orders_);
  for (const Order& order : orders) {
    const AppendOrder* append = std::get_if<AppendOrder>(&order);
    if (append == nullptr) continue;
    queued_ -= task_cost(append->arguments);
    taken_ += task_cost(append->arguments);
  }
}

bool Intake::may_sleep(std::size_t unaccepted, bool is_end_known) {
  const std::lock_guard lock(mutex_);
  taken_ = 0;
  unaccepted_ = unaccepted;
  if (waiting_ > 0 && has_room()) room_.notify_all();
  const bool waiting = std::any_of(groups_.begin(), groups_.end(),
                                   [](const std::unique_ptr<Group>& each) { return each->may_leave(); });
  sleeping_ = orders_.empty() && !waiting && (!closed_ || is_end_known);
  return sleeping_;
}

void Intake::close() {
  const std::lock_guard lock(mutex_);
  for (std::size_t at = groups_.size(); at-- > 0;) flush(*groups_[at]);
  closed_ = true;
  room_.notify_all();
  wake_if_needed();
}

bool Intake::is_closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace zonda
