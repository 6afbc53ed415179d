// One thread of a chaos client: submits jobs, one after the other, and checks every outcome.
#pragma once

#include <zonda/client.h>

#include <atomic>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "tests/chaos/functions.h"
#include "tests/chaos/tally.h"

namespace chaos {

struct LanePlan {
  std::uint64_t first = 0;  // number of its first task; nobody else uses the next 2^32
  std::uint64_t seed = 1;
  std::uint32_t work_us = 2'000;  // of an ordinary task, on average
  std::uint64_t job_tasks_max = 3'000;
};

class Lane {
 public:
  Lane(zonda::Client& client, Tally& tally, const LanePlan& plan)
      : client_(client), tally_(tally), plan_(plan), random_(plan.seed), next_(plan.first) {}

  // Submits until `stop`, and returns when the last job is over.
  void run(const std::atomic<bool>& stop);

  // The job it waits for and the tasks of it that have no outcome yet. From any thread.
  std::string waits_for() const;

 private:
  using Questions = std::vector<Question>;

  Questions ask();
  Question question(std::uint64_t number) const;
  void run_unordered(const Questions& questions);
  void run_in_order(const Questions& questions);
  void run_one_by_one(const Questions& questions);
  void begin_job(std::size_t tasks, const std::string& name);
  void outcome(std::size_t index, const Question& question, const zonda::Result<std::string>& result);
  void end_job();

  zonda::Client& client_;
  Tally& tally_;
  const LanePlan plan_;
  std::mt19937_64 random_;
  std::uint64_t next_;

  mutable std::mutex mutex_;  // of what follows
  std::string job_;
  std::vector<char> seen_;  // tasks of the job that have an outcome
};

}  // namespace chaos
