// What a slot's runner and its agent share: plain memory for a thread, a mapped memfd for a child process.
// The layout is part of docs/executor-protocol.md. Each field has one writer, named at its side.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace zonda {

// Which task of a Work runs, and where the Work ends, in one word: the runner takes the next index and the
// agent moves the end in front of what has not started, and neither can be wrong about who got an index.
class Cursor {
 public:
  struct View {
    std::uint32_t next = 0;  // tasks taken so far; one more than `end` once the runner saw the end
    std::uint32_t end = 0;

    std::uint32_t taken() const { return next < end ? next : end; }
    bool is_running() const { return next > 0 && next <= end; }
  };

  void reset(std::uint32_t end) {
    word_.store(end, std::memory_order_release);
  }  // agent, before the hand-over

  std::optional<std::uint32_t> take() {  // runner
    const std::uint64_t before = word_.fetch_add(kOne, std::memory_order_acq_rel);
    const auto next = static_cast<std::uint32_t>(before >> 32);
    if (next >= static_cast<std::uint32_t>(before)) return std::nullopt;
    return next;
  }

  View view() const { return split(word_.load(std::memory_order_acquire)); }

  // Agent: takes back [from, end), as far as it has not started; returns the new end.
  std::uint32_t lower_end(std::uint32_t from) {
    std::uint64_t before = word_.load(std::memory_order_acquire);
    for (;;) {
      const View now = split(before);
      const std::uint32_t end = now.taken() > from ? now.taken() : from;
      if (end >= now.end) return now.end;
      if (word_.compare_exchange_weak(before, (before & ~kLow) | end, std::memory_order_acq_rel)) return end;
    }
  }

 private:
  static constexpr std::uint64_t kOne = std::uint64_t{1} << 32;
  static constexpr std::uint64_t kLow = 0xffffffff;
  static View split(std::uint64_t word) {
    return {static_cast<std::uint32_t>(word >> 32), static_cast<std::uint32_t>(word)};
  }

  std::atomic<std::uint64_t> word_{0};
};

// Names a task inside a slot: the number of its Work there (from 1) and its position in it.
inline constexpr std::uint64_t task_key(std::uint32_t sequence, std::uint32_t at) {
  return std::uint64_t{sequence} << 32 | at;
}

// The latest progress(): written under an odd version, by any thread of the task.
struct ProgressArea {
  static constexpr std::size_t kTextMax = 192;

  std::atomic<std::uint32_t> version{0};
  std::atomic<std::uint32_t> text_size{0};
  std::atomic<std::uint64_t> task{0};  // task_key
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> total{0};
  std::atomic<std::uint64_t> text[kTextMax / 8]{};
};

// Outcomes that were not sent yet. They outlive the process that wrote them, so a crash takes no finished
// task with it, and the agent can fetch them while a long task runs.
struct JournalArea {
  static constexpr std::uint32_t kTasksMax = 8192;
  static constexpr std::size_t kBytesMax = 64 * 1024;

  std::atomic<std::uint32_t> lock{0};   // held to reset (runner) and to copy (agent)
  std::atomic<std::uint32_t> count{0};  // runner: raised after an entry is whole
  std::uint32_t sequence = 0;           // runner, under the lock
  std::uint32_t first = 0;
  std::int64_t busy_from_ns = 0;
  std::uint8_t kinds[kTasksMax]{};
  std::uint32_t lengths[kTasksMax]{};
  char payloads[kBytesMax]{};
};

struct SlotPage {
  alignas(64) Cursor cursors[2];               // of the Works with even and odd sequence
  std::atomic<std::int64_t> started_at_ns{0};  // runner: CLOCK_MONOTONIC, written before the task is taken
  std::atomic<std::int32_t> command_group{0};  // runner: process group of the command that runs
  alignas(64) std::atomic<std::uint64_t> stop_task{0};  // agent: task_key of the task that shall stop
  std::atomic<std::uint32_t> stop_bell{0};              // agent: a futex, rung after stop_task was set
  std::atomic<std::uint64_t> output_task{0};            // agent: task_key of the task whose output
  std::atomic<std::uint64_t> output_upto{0};            // agent: may be so many bytes; written before its key
  alignas(64) ProgressArea progress;
  alignas(64) JournalArea journal;

  Cursor& cursor(std::uint32_t sequence) { return cursors[sequence % 2]; }
  const Cursor& cursor(std::uint32_t sequence) const { return cursors[sequence % 2]; }
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(offsetof(SlotPage, stop_task) == 64 && offsetof(SlotPage, output_task) == 80 &&
              offsetof(SlotPage, progress) == 128);
static_assert(offsetof(SlotPage, journal) == 384);

}  // namespace zonda
