// Who holds what. A lease names one hand-out of a range of tasks of one job to one worker; its number is
// never used again in this epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "broker/core/clock.h"
#include "broker/core/segments.h"

namespace zonda {

struct Job;
struct WorkerRecord;

struct Lease {
  std::uint64_t number = 0;
  Job* job = nullptr;
  WorkerRecord* worker = nullptr;
  IndexRange range;
  std::uint64_t open = 0;  // tasks of it that are not done and not given back
  double task_us = 0;      // what each was expected to take
  TimePoint since;
  std::optional<TimePoint> asked_back;  // when its later tasks were last asked for
};

class Leases {
 public:
  Lease& issue(Job& job, WorkerRecord& worker, IndexRange range, double task_us, TimePoint now);
  // A lease that was ended comes back to the worker that still holds its tasks; `open` starts at 0.
  Lease& restore(std::uint64_t number, Job& job, WorkerRecord& worker, IndexRange range, double task_us,
                 TimePoint now);
  Lease* find(std::uint64_t number);
  void remove(std::uint64_t number) { leases_.erase(number); }
  std::size_t size() const { return leases_.size(); }

 private:
  std::unordered_map<std::uint64_t, Lease> leases_;
  std::uint64_t last_number_ = 0;
};

}  // namespace zonda
