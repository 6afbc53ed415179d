// Drives an executor as a worker's loop does, and keeps what it says per task.
#pragma once

#include <zonda/task_report.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "worker/executor/executor.h"

zonda::Work make_work(const std::string& function, const std::vector<std::string>& arguments,
                      std::uint64_t first = 0, const std::string& signature = "test");
zonda::JobId test_job();

struct SeenTask {
  int answers = 0;  // Finished and Unstarted together
  bool finished = false;
  std::uint8_t kind = 0;
  std::string payload;
};

class ExecutorBench {
 public:
  explicit ExecutorBench(std::unique_ptr<zonda::Executor> executor) : executor_(std::move(executor)) {}

  zonda::Executor& operator*() { return *executor_; }
  zonda::Executor* operator->() { return executor_.get(); }
  void destroy_executor() { executor_.reset(); }

  // Waits on event_fd and next_deadline until `done`; fails the test after 20 s. Never sleeps.
  void run_until(const std::function<bool()>& done);
  void run_until_answered(std::uint64_t first, std::uint64_t count);
  void run_until_running(std::uint64_t index, int slot = 0);
  void stop(std::uint64_t index, zonda::StopReason reason = zonda::StopReason::Cancelled, int slot = 0);

  const SeenTask& task(std::uint64_t index) { return tasks_[index]; }
  zonda::TaskReport report(std::uint64_t index);
  bool each_answered_once(std::uint64_t first, std::uint64_t count);

  std::vector<zonda::TaskProgress> progress;
  std::vector<zonda::TaskOutput> output;
  std::chrono::microseconds busy{0};
  bool in_order = true;  // Finished events of a job came by rising index

 private:
  void on(zonda::ExecutorEvent& event);
  void on_finished(const zonda::Finished& finished);

  std::unique_ptr<zonda::Executor> executor_;
  std::map<std::uint64_t, SeenTask> tasks_;
  std::uint64_t next_finished_ = 0;
};

std::string state_of(int pid);  // "R" runs, "S" sleeps, "Z" is dead, …; empty: no such process
bool is_gone(int pid);          // no such process, or only its unreaped entry
bool has_no_children();         // of this process
void wait_for(const std::function<bool()>& done);
