#include "broker/core/ready_queue.h"

#include <algorithm>

#include "broker/core/roster.h"
#include "proto/assert.h"

namespace zonda {

namespace {
constexpr std::size_t kLeavingMax = 10'000;  // shares without jobs that are remembered
}  // namespace

ClassKey class_key_of(const JobSpec& spec) {
  return {spec.function, spec.signature, spec.queue.empty() ? "default" : spec.queue, spec.resources,
          spec.labels};
}

ReadyClass& ReadyQueue::class_of(const JobSpec& spec) {
  ClassKey key = class_key_of(spec);
  std::unique_ptr<ReadyClass>& found = classes_[key];
  if (!found) found = std::make_unique<ReadyClass>(std::move(key), ++last_class_);
  return *found;
}

void ReadyQueue::remove_class(ReadyClass& unused) {
  ZONDA_ASSERT(unused.jobs == 0 && unused.ready_tasks_ == 0 && unused.ward.tasks == 0);
  classes_.erase(classes_.find(unused.key()));
}

std::uint64_t ReadyQueue::join_share(const std::string& client_name) {
  const auto [at, added] = shares_by_name_.try_emplace(client_name, last_share_ + 1);
  if (added) shares_[++last_share_].virtual_time = present_;
  Share& share = shares_[at->second];
  if (share.jobs++ == 0) leaving_.erase({share.virtual_time, client_name});
  return at->second;
}

void ReadyQueue::leave_share(const std::string& client_name) {
  const auto at = shares_by_name_.find(client_name);
  Share& share = shares_[at->second];
  if (--share.jobs > 0) return;
  leaving_.emplace(share.virtual_time, client_name);
  forget_shares();
}

void ReadyQueue::forget_shares() {
  while (!leaving_.empty() && (leaving_.begin()->first <= present_ || leaving_.size() > kLeavingMax)) {
    const auto at = shares_by_name_.find(leaving_.begin()->second);
    shares_.erase(at->second);
    shares_by_name_.erase(at);
    leaving_.erase(leaving_.begin());
  }
}

void ReadyQueue::grew(Job& job, std::uint64_t tasks) {
  if (tasks == 0) return;
  job.counts.ready += tasks;
  if (job.held)
    held_tasks_ += tasks;
  else
    enter(job, tasks, job.counts.ready == tasks);
}

void ReadyQueue::shrank(Job& job, std::uint64_t tasks) {
  if (tasks == 0) return;
  ZONDA_ASSERT(job.counts.ready >= tasks);
  job.counts.ready -= tasks;
  if (job.held)
    held_tasks_ -= tasks;
  else
    leave(job, tasks, job.counts.ready == 0);
}

void ReadyQueue::hold(Job& job) {
  if (job.counts.ready > 0) leave(job, job.counts.ready, true);
  held_tasks_ += job.counts.ready;
  job.held = true;
}

void ReadyQueue::go_on(Job& job) {
  job.held = false;
  held_tasks_ -= job.counts.ready;
  if (job.counts.ready > 0) enter(job, job.counts.ready, true);
}

// So many tasks of the job more, the first of it or not.
void ReadyQueue::enter(Job& job, std::uint64_t tasks, bool first) {
  if (job.ready_class->ready_tasks_ == 0) {
    for (WorkerKind* kind : job.ready_class->kinds)
      kind->ready.emplace(job.ready_class->number(), job.ready_class);
  }
  job.ready_class->ready_tasks_ += tasks;
  ready_tasks_ += tasks;
  if (!first) return;
  ReadyClass::Level& level = job.ready_class->levels_[job.spec.priority];
  ReadyClass::Turn& turn = level.turns[job.share];
  if (turn.jobs.empty()) {
    Share& share = shares_[job.share];
    share.virtual_time = std::max(share.virtual_time, present_);
    turn.entered = share.virtual_time;
    level.order.emplace(turn.entered, job.share);
  }
  turn.jobs.emplace(job.age, &job);
}

void ReadyQueue::leave(Job& job, std::uint64_t tasks, bool last) {
  job.ready_class->ready_tasks_ -= tasks;
  if (job.ready_class->ready_tasks_ == 0) {
    for (WorkerKind* kind : job.ready_class->kinds) kind->ready.erase(job.ready_class->number());
  }
  ready_tasks_ -= tasks;
  if (!last) return;
  auto& levels = job.ready_class->levels_;
  const auto level = levels.find(job.spec.priority);
  const auto turn = level->second.turns.find(job.share);
  turn->second.jobs.erase(job.age);
  if (!turn->second.jobs.empty()) return;
  level->second.order.erase({turn->second.entered, job.share});
  level->second.turns.erase(turn);
  if (level->second.turns.empty()) levels.erase(level);
}

std::map<std::uint64_t, Job*>& ReadyQueue::first_jobs(ReadyClass::Level& level) {
  for (;;) {
    const auto [entered, share] = *level.order.begin();
    ReadyClass::Turn& turn = level.turns.at(share);
    const double present = shares_[share].virtual_time;
    if (entered == present) return turn.jobs;
    level.order.erase(level.order.begin());  // it was served elsewhere since; virtual times only grow
    turn.entered = present;
    level.order.emplace(present, share);
  }
}

ReadyQueue::Rank ReadyQueue::rank(ReadyClass& ready_class) {
  auto& [priority, level] = *ready_class.levels_.begin();
  std::map<std::uint64_t, Job*>& jobs = first_jobs(level);
  const Job& job = *jobs.begin()->second;
  return {-std::int64_t{priority}, shares_[job.share].virtual_time, job.age};
}

Job& ReadyQueue::first(ReadyClass& ready_class) {
  return *first_jobs(ready_class.levels_.begin()->second).begin()->second;
}

void ReadyQueue::charge(std::uint64_t share, double microseconds) {
  Share& charged = shares_[share];
  present_ = std::max(present_, charged.virtual_time);
  charged.virtual_time += microseconds;
  forget_shares();
}

}  // namespace zonda
