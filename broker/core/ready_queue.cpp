#include "broker/core/ready_queue.h"

#include <algorithm>

#include "proto/assert.h"

namespace zonda {

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
  ZONDA_ASSERT(unused.jobs == 0 && unused.ready_tasks_ == 0);
  classes_.erase(classes_.find(unused.key()));
}

std::uint64_t ReadyQueue::share_of(const std::string& client_name) {
  const auto [at, added] = shares_by_name_.try_emplace(client_name, shares_by_name_.size() + 1);
  if (added) shares_[at->second].virtual_time = present_;
  return at->second;
}

void ReadyQueue::grew(Job& job, std::uint64_t tasks) {
  if (tasks == 0) return;
  job.counts.ready += tasks;
  job.ready_class->ready_tasks_ += tasks;
  ready_tasks_ += tasks;
  if (job.counts.ready != tasks) return;  // it was in the queue already
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

void ReadyQueue::shrank(Job& job, std::uint64_t tasks) {
  if (tasks == 0) return;
  ZONDA_ASSERT(job.counts.ready >= tasks);
  job.counts.ready -= tasks;
  job.ready_class->ready_tasks_ -= tasks;
  ready_tasks_ -= tasks;
  if (job.counts.ready != 0) return;
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
}

}  // namespace zonda
