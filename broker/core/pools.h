// Pools of workers, as their managers tell of them; and what people order, until a manager takes it. A worker
// belongs to the pool that its label `pool` names. Nothing here is durable: managers tell it again.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "broker/core/clock.h"
#include "broker/core/roster.h"
#include "broker/core/snapshot.h"

namespace zonda {

inline constexpr const char* kPoolLabel = "pool";
inline constexpr std::chrono::seconds kPoolAway{10};  // a manager that is not heard of for so long is away
inline constexpr std::uint64_t kPoolWorkersMax = 10'000;

// How many workers there should be. Zero for both bounds is a pool that rests.
struct PoolSize {
  std::uint64_t min = 0;
  std::uint64_t max = 0;
  std::uint64_t target_wait_ms = 0;  // tasks should wait no longer
};

struct PoolDecision {
  std::uint64_t number = 0;  // from 1, by its manager
  UtcTime at;
  std::string text;  // "+3: 412 queued × 1.9 s ÷ target 30 s"
};

// What its manager says each second.
struct PoolReport {
  std::string name;
  std::string launcher;
  KindKey offers;  // of a worker that would be started; its functions as far as they are known
  std::uint64_t slots = 1;
  PoolSize size;
  std::uint64_t order = 0;  // the last that was taken
  std::uint64_t wanted = 0;
  std::uint64_t pending = 0;  // started, and not here yet
  std::string note;           // why it does not change
  std::vector<PoolDecision> decisions;
};

struct Pool {
  PoolReport report;
  std::string manager;  // its name
  TimePoint told_at;
  bool has_ended = false;   // its manager said goodbye
  std::uint64_t order = 0;  // the number of the last order
  PoolSize ordered;
  std::deque<PoolDecision> log;

  bool is_managed(TimePoint now) const { return !has_ended && now - told_at < kPoolAway; }
  std::string heard(TimePoint now) const;  // "heard of 3 s ago"
};

class Pools {
 public:
  // All that a manager has: what it had before and has no more is forgotten. Why not, if that cannot be, and
  // nothing is taken then: another manager has one of them, or there are too many.
  std::string take(const std::string& manager, std::vector<PoolReport> reports, TimePoint now);
  void end(const std::string& manager);  // it said goodbye
  Pool* find(const std::string& name);
  const std::map<std::string, Pool>& all() const { return pools_; }
  // Of a task that waits: what each pool that is for such tasks does about it; empty: there is none.
  std::string prospect(const ClassKey& wanted, TimePoint now) const;
  // By name; without the workers that are there.
  std::vector<PoolSummary> summaries(TimePoint now) const;

 private:
  std::string obstacle(const std::string& manager, const std::vector<PoolReport>& reports,
                       TimePoint now) const;
  void take_one(const std::string& manager, PoolReport report, TimePoint now);

  std::map<std::string, Pool> pools_;
};

// The pool that a worker belongs to; null: none.
const std::string* pool_of(const WorkerRecord& worker);

// It drains, or will once it is back.
bool is_leaving(const WorkerRecord& worker);

// Ready tasks that a pool's workers can run.
struct PoolDemand {
  const ReadyClass* ready_class = nullptr;
  std::uint64_t queued = 0;
  std::uint64_t at_once = 0;      // in one worker of the pool
  std::uint64_t other_slots = 0;  // of workers that belong to no pool
  double stalled_seconds = 0;     // nothing of it was handed out for so long
};

// What waits for this pool: for the workers that it has, or for one as its manager describes it.
std::vector<PoolDemand> demand_of(const PoolReport& pool, ReadyQueue& queue, TimePoint now);

}  // namespace zonda
