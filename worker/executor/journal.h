// Both ends of a JournalArea.
#pragma once

#include <optional>
#include <string_view>

#include "worker/executor/outcome_batch.h"
#include "worker/executor/slot_page.h"

namespace zonda {

// The runner's end.
class JournalWriter {
 public:
  explicit JournalWriter(JournalArea& area) : area_(area) {}

  // Forgets what is in it; the next entry is task `first` of Work `sequence`.
  void reset(std::uint32_t sequence, std::uint32_t first, std::int64_t busy_from_ns);
  // False if there is no room.
  bool add(std::uint8_t kind, std::string_view payload);

  std::uint32_t count() const { return count_; }
  std::uint32_t end() const { return area_.first + count_; }
  // What is in it; valid until the next reset. `last` and `busy` are the caller's.
  OutcomeBatchView view() const;

 private:
  JournalArea& area_;
  std::uint32_t count_ = 0;
  std::size_t bytes_ = 0;
  bool only_values_ = true;
};

// The agent's end: a copy of what is there; empty if there is nothing or the runner is resetting it.
// `runner_is_gone`: nobody else touches the area any more, so a lock left behind means nothing.
// The area is writable by user code, so nothing in it is believed unchecked.
std::optional<OutcomeBatch> read_journal(JournalArea& area, bool runner_is_gone);

}  // namespace zonda
