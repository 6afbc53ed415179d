// Decides how many workers a pool has. Pure: what the broker sees and the time go in, a decision comes out.
//
// More: as many slots as it takes to begin all that waits within the target wait: tasks × duration ÷ target,
// for long tasks one slot each. Where nothing was handed out for the target wait, slots that are in use will
// not be free soon, whatever the mean says. At once, and what was started counts until it is here or has
// failed. Fewer: only what was never needed in the whole cooldown (the largest need in it counts, as the
// stabilisation window of Kubernetes' autoscaler does), so that a noisy load does not make it flap. The idle
// leave first.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "cli/pools/pool_size.h"

namespace zonda::cli {

// Tasks that wait for workers like those of the pool.
struct PoolDemand {
  std::uint64_t task_class = 0;
  double queued = 0;              // beyond what other pools see to
  std::uint64_t running = 0;      // on any worker
  double task_seconds = 0;        // measured mean; 0: not known yet
  double stalled_seconds = 0;     // since some were handed out
  std::uint64_t at_once = 1;      // in one worker
  std::uint64_t other_slots = 0;  // of workers that belong to no pool
};

struct PoolWorker {
  std::string name;
  double load = 0;  // the share of it that is in use, 0 to 1
  std::uint64_t held = 0;
  bool leaving = false;
};

struct PoolView {
  std::vector<PoolDemand> demand;
  std::vector<PoolWorker> workers;
  std::uint64_t pending = 0;  // started, and not here yet
};

struct ScaleDecision {
  std::uint64_t start = 0;
  std::uint64_t cancel = 0;  // of those that are pending
  std::vector<std::string> drain;
  std::string why;  // "+3: 412 queued × 1.9 s ÷ target 30 s"; empty: nothing changes
  double need = 0;  // workers, whatever the pool may have

  bool changes() const { return !why.empty(); }
};

class Scaler {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // `workers`: so many were wanted before, and are taken to have been needed until now.
  Scaler(std::chrono::milliseconds cooldown, std::uint64_t workers, TimePoint now)
      : cooldown_(cooldown), needs_{{now, workers}}, began_(now), looked_(now), wanted_(workers) {}

  ScaleDecision decide(const PoolSize& size, const PoolView& view, TimePoint now);
  // After decide(): how many there should be, whoever sees to it.
  std::uint64_t wanted() const { return wanted_; }
  // After decide(): why the pool keeps its size although it could do with another one; empty: it could not.
  const std::string& note() const { return note_; }

 private:
  struct Need {
    double workers = 0;
    std::string why;  // of what adds most to it
  };

  Need need_of(const PoolSize& size, const PoolView& view) const;
  void look(const PoolView& view, TimePoint now);
  // The most that was needed in the cooldown, with what is needed now.
  std::uint64_t most_needed(std::uint64_t needed, TimePoint now);

  std::chrono::milliseconds cooldown_;
  struct Sample {
    TimePoint at;
    std::uint64_t needed;
  };
  std::deque<Sample> needs_;  // of the cooldown: descending
  TimePoint began_;
  TimePoint looked_;
  std::optional<double> busy_;  // workers' worth of load, smoothed
  std::uint64_t wanted_ = 0;
  std::string note_;
};

}  // namespace zonda::cli
