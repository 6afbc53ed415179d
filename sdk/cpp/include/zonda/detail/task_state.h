// What a future and the client share about one task. Thread-safe.
#pragma once

#include <zonda/job_id.h>
#include <zonda/progress.h>
#include <zonda/task_report.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace zonda::detail {

class JobTicket;

// Empty: wait for ever.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;
Deadline deadline_after(std::chrono::duration<double> wait);

class TaskState : public std::enable_shared_from_this<TaskState> {
 public:
  TaskState() = default;
  ~TaskState();  // says so if it failed and nobody looked
  TaskState(const TaskState&) = delete;
  TaskState& operator=(const TaskState&) = delete;

  bool ready() const noexcept { return (status_.load(std::memory_order_acquire) & kDone) != 0; }
  bool wait_until(const Deadline& deadline) const;  // true once ready
  bool wait_accepted_until(const Deadline& deadline) const;
  bool cancel();
  TaskId id() const;

  // Calls `f` once, on the callback thread, when the task is ready.
  void when_ready(std::function<void()> f);
  void on_progress(std::function<void(const Progress&)> f);

  // Only once ready. Looking at a failure means that somebody knows of it.
  bool has_value() const { return kind_ == 0; }
  std::string_view payload() const { return payload_; }
  TaskReport report() const;
  void observe() const noexcept { status_.fetch_or(kObserved, std::memory_order_relaxed); }

  // The bytes of the result are the value, whatever is in them.
  bool is_raw() const { return raw_; }
  void set_raw() { raw_ = true; }  // before it is shared

  // A result that was made here, by then(): a Result<R>, kept as it is.
  const void* local() const { return local_.get(); }
  std::shared_ptr<TaskState> follow() const;  // a state of the same task, to be resolved by the next
  void resolve_local(std::shared_ptr<const void> result, const TaskReport* failure);

  // The client's side.
  void assign(std::shared_ptr<JobTicket> ticket, std::uint64_t index);  // before it is shared
  void resolve(std::uint8_t kind, std::string_view payload);
  void say_progress(Progress progress);

 private:
  struct Hooks;
  static constexpr std::uint32_t kDone = 1;
  static constexpr std::uint32_t kWaiters = 2;
  static constexpr std::uint32_t kObserved = 4;

  void finish_resolve();
  void report_progress();
  void run(std::function<void()> f);
  Hooks& hooks();

  std::shared_ptr<JobTicket> ticket_;
  std::uint64_t index_ = 0;
  mutable std::atomic<std::uint32_t> status_{0};
  std::uint8_t kind_ = 0;
  bool raw_ = false;
  std::string payload_;
  std::shared_ptr<const void> local_;
  std::atomic<Hooks*> hooks_{nullptr};  // most tasks have none
};

}  // namespace zonda::detail
