#include "worker/outbox_watch.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace zonda {

void OutboxWatch::look() {
  if (const std::uint64_t damaged = outbox_->tasks_damaged(); damaged != damaged_)
    spdlog::error("spool-damaged tasks={} go back to the broker", damaged - std::exchange(damaged_, damaged));
  if (spool_ != nullptr && spool_->fault() != fault_) {
    fault_ = spool_->fault();
    if (fault_.empty())
      spdlog::info("spool-works-again");
    else
      spdlog::error("spool-failed {}", fault_);
  }
  if (outbox_->is_full() == was_full_) return;
  was_full_ = outbox_->is_full();
  if (was_full_)
    spdlog::warn("outbox-full tasks={} bytes={} no task is begun until the broker takes outcomes",
                 outbox_->tasks(), outbox_->bytes());
  else
    spdlog::info("outbox-has-room");
}

}  // namespace zonda
