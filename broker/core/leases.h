// Who holds what. A lease names one hand-out of a range of tasks of one job to one worker by its token, which
// is never used again.
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
  Token token;
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
  explicit Leases(std::uint64_t epoch) : epoch_(epoch) {}

  Lease& issue(Job& job, WorkerRecord& worker, IndexRange range, double task_us, TimePoint now);
  // A lease that was ended, or issued before the broker started, comes back to the worker that still holds
  // its tasks; `open` starts at 0.
  Lease& restore(Token token, Job& job, WorkerRecord& worker, IndexRange range, double task_us,
                 TimePoint now);
  Lease* find(Token token);
  void remove(Token token) { leases_.erase(token); }
  std::size_t size() const { return leases_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const Token& token) const {
      return static_cast<std::size_t>(token.lease * 0x9e3779b97f4a7c15 + token.epoch);
    }
  };

  std::uint64_t epoch_;
  std::unordered_map<Token, Lease, Hash> leases_;
  std::uint64_t last_number_ = 0;
};

}  // namespace zonda
