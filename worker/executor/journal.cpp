#include "worker/executor/journal.h"

#include <sched.h>

#include <algorithm>
#include <cstring>

#include "worker/executor/outcome.h"

namespace zonda {
namespace {

bool try_lock(std::atomic<std::uint32_t>& lock) { return lock.exchange(1, std::memory_order_acquire) == 0; }
void unlock(std::atomic<std::uint32_t>& lock) { lock.store(0, std::memory_order_release); }

}  // namespace

void JournalWriter::reset(std::uint32_t sequence, std::uint32_t first, std::int64_t busy_from_ns) {
  while (!try_lock(area_.lock)) ::sched_yield();  // the agent copies at most 100 KiB
  area_.count.store(0, std::memory_order_relaxed);
  area_.sequence = sequence;
  area_.first = first;
  area_.busy_from_ns = busy_from_ns;
  unlock(area_.lock);
  count_ = 0;
  bytes_ = 0;
  only_values_ = true;
}

bool JournalWriter::add(std::uint8_t kind, std::string_view payload) {
  if (count_ == JournalArea::kTasksMax || payload.size() > JournalArea::kBytesMax - bytes_) return false;
  std::memcpy(area_.payloads + bytes_, payload.data(), payload.size());
  area_.kinds[count_] = kind;
  area_.lengths[count_] = static_cast<std::uint32_t>(payload.size());
  bytes_ += payload.size();
  only_values_ = only_values_ && kind == kValue;
  area_.count.store(++count_, std::memory_order_release);
  return true;
}

OutcomeBatchView JournalWriter::view() const {
  OutcomeBatchView batch;
  batch.sequence = area_.sequence;
  batch.first = area_.first;
  batch.count = count_;
  if (!only_values_) batch.kinds = {reinterpret_cast<const char*>(area_.kinds), count_};
  batch.lengths = {reinterpret_cast<const char*>(area_.lengths), 4 * std::size_t{count_}};
  batch.payloads = {area_.payloads, bytes_};
  return batch;
}

std::optional<OutcomeBatch> read_journal(JournalArea& area, bool runner_is_gone) {
  if (area.count.load(std::memory_order_acquire) == 0) return std::nullopt;
  if (!try_lock(area.lock) && !runner_is_gone) return std::nullopt;
  OutcomeBatch batch;
  batch.count = std::min(area.count.load(std::memory_order_acquire), JournalArea::kTasksMax);
  batch.sequence = area.sequence;
  batch.first = area.first;
  batch.busy = std::chrono::nanoseconds(area.busy_from_ns);  // the caller knows until when
  batch.kinds.assign(reinterpret_cast<const char*>(area.kinds), batch.count);
  batch.lengths.assign(reinterpret_cast<const char*>(area.lengths), 4 * std::size_t{batch.count});
  std::uint64_t bytes = 0;
  for (std::size_t at = 0; at < batch.lengths.size(); at += 4) {
    std::uint32_t length = 0;
    std::memcpy(&length, batch.lengths.data() + at, 4);
    bytes += length;
  }
  const bool sound = bytes <= JournalArea::kBytesMax;
  if (sound) batch.payloads.assign(area.payloads, bytes);
  unlock(area.lock);
  if (!sound || batch.count == 0) return std::nullopt;
  return batch;
}

}  // namespace zonda
