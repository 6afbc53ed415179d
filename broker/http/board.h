// Where the broker's thread puts what others may look at. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>

#include "broker/core/snapshot.h"

namespace zonda {

// A broker that has put up nothing new for so long is stuck.
inline constexpr std::chrono::seconds kStuckAfter{5};

class Board {
 public:
  using Clock = std::chrono::steady_clock;
  struct Look {
    std::shared_ptr<const Snapshot> snapshot;  // null: not begun yet, it reads its store
    Clock::time_point put_up;
  };

  void put_up(Snapshot snapshot) {
    auto fresh = std::make_shared<const Snapshot>(std::move(snapshot));
    const std::lock_guard lock(mutex_);
    shown_ = {std::move(fresh), Clock::now()};
  }
  Look look() const {
    const std::lock_guard lock(mutex_);
    return shown_;
  }

 private:
  mutable std::mutex mutex_;
  Look shown_;
};

}  // namespace zonda
