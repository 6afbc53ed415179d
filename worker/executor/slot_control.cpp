#include "worker/executor/slot_control.h"

#include <algorithm>
#include <cstring>

namespace zonda {

// Several threads of a handler may report at once: an odd version is also their lock. Whoever finds it taken
// drops his note, since another one is being written this moment.
void SlotControl::progress(std::uint64_t done, std::uint64_t total, std::string_view text) {
  ProgressArea& area = page_.progress;
  std::uint32_t version = area.version.load(std::memory_order_relaxed);
  if (version % 2 != 0 || !area.version.compare_exchange_strong(version, version + 1)) return;
  const std::size_t size = std::min(text.size(), ProgressArea::kTextMax);
  area.task.store(key(), std::memory_order_release);
  area.done.store(done, std::memory_order_release);
  area.total.store(total, std::memory_order_release);
  area.text_size.store(static_cast<std::uint32_t>(size), std::memory_order_release);
  for (std::size_t at = 0; at < size; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, std::min<std::size_t>(8, size - at));
    area.text[at / 8].store(word, std::memory_order_release);
  }
  area.version.store(version + 2, std::memory_order_release);
}

std::optional<ProgressNote> read_progress(const ProgressArea& area, std::uint32_t seen) {
  ProgressNote note;
  note.version = area.version.load(std::memory_order_acquire);
  if (note.version == seen || note.version % 2 != 0) return std::nullopt;
  note.task = area.task.load(std::memory_order_acquire);
  note.done = area.done.load(std::memory_order_acquire);
  note.total = area.total.load(std::memory_order_acquire);
  const std::size_t size =
      std::min<std::size_t>(area.text_size.load(std::memory_order_acquire), ProgressArea::kTextMax);
  char text[ProgressArea::kTextMax];
  for (std::size_t at = 0; at < size; at += 8) {
    const std::uint64_t word = area.text[at / 8].load(std::memory_order_acquire);
    std::memcpy(text + at, &word, 8);
  }
  if (area.version.load(std::memory_order_acquire) != note.version) return std::nullopt;
  note.text.assign(text, size);
  return note;
}

}  // namespace zonda
