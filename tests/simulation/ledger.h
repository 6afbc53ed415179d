// The truth about all tasks of a run, told by those who see it: what clients submitted, what was accepted,
// which leases the broker issued, what it recorded, what clients heard. Breaking a promise throws Violation.
#pragma once

#include <zonda/job_id.h>

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "broker/core/records.h"
#include "proto/messages.h"
#include "tests/simulation/sim_task.h"

namespace zonda::sim {

struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Ledger {
 public:
  void submitted(const JobId& job, const std::vector<TaskPlan>& plans, const JobSpec& spec);
  void accepted(const JobId& job, std::uint64_t count);
  void cancelled(const JobId& job);                 // somebody asked for it, or its client went away
  void abandoned(const JobId& job);                 // nobody listens any more: only what is recorded counts
  void decided(const TaskRange& range);             // the broker wants to hand this out,
  void issued(const TaskRange& range);              // and now the frame is sent
  void recorded(const record::Finished& finished);  // it is on the disk
  void attempted(const record::Attempted& attempted);      // the same
  void killed(const std::string& host, const TaskId& by);  // a task took the worker process there down
  void disturbed(const std::string& host);                 // that one was ended, stopped or cut off
  void seen(const JobId& job, const OutcomeRange& range);  // by another reader than its owner
  void delivered(const JobId& job, std::uint64_t position, const OutcomeRange& range);

  // The broker forgets some of what it did. From now on only what clients hear counts: a job has all its
  // outcomes, each once, or its client is told that it is lost.
  void set_back() { is_set_back_ = true; }
  bool is_set_back() const { return is_set_back_; }

  // Every accepted task of a job that somebody waits for has its outcome. Returns what is missing, or
  // nothing.
  std::string missing() const;
  std::uint64_t tasks() const { return tasks_; }
  std::uint64_t outcomes() const { return outcomes_; }
  std::uint64_t workers_killed() const { return killers_.size(); }  // by tasks
  std::uint64_t killers_found() const { return killers_found_; }
  std::uint64_t kills_max() const { return kills_max_; }  // by one task

 private:
  struct Task {
    TaskPlan plan = {};
    Token token = {};  // the last one issued
    Token spent = {};  // the last one whose attempt was recorded
    int recorded = 0;
    int delivered = 0;
    std::uint8_t kind = 0;
    std::uint64_t kills = 0;   // workers that it took down
    bool with_worker = false;  // crashed because its worker died
  };
  struct Job {
    JobSpec spec;
    std::vector<Task> tasks;
    std::uint64_t accepted = 0;
    std::uint64_t log_end = 0;
    bool cancelled = false;
    bool abandoned = false;
  };

  Task& task(const JobId& job, std::uint64_t index);
  void check_blame(const TaskId& charged, const std::string& message, const std::string& host) const;

  std::map<JobId, Job> jobs_;
  std::map<std::string, TaskId> killers_;  // by host
  std::set<std::string> disturbed_;        // hosts
  bool is_set_back_ = false;
  std::uint64_t tasks_ = 0;
  std::uint64_t outcomes_ = 0;
  std::uint64_t killers_found_ = 0;
  std::uint64_t kills_max_ = 0;
};

}  // namespace zonda::sim
