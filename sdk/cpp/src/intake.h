// What user threads hand to the I/O thread: orders, and single calls, which are gathered into batches here.
//
// Calls of one function, signature and options form one job. A call leaves at once while few of their batches
// wait to be accepted; beyond that calls gather until one is, or a batch is full. So a lone call waits for
// nothing, many make large frames, and no timer is needed.
#pragma once

#include <zonda/detail/call_parts.h>
#include <zonda/detail/task_state.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "proto/wire/wake.h"
#include "sdk/cpp/src/callback_thread.h"
#include "sdk/cpp/src/orders.h"

namespace zonda {

class Intake : public std::enable_shared_from_this<Intake> {
 public:
  explicit Intake(std::shared_ptr<CallbackThread> callbacks);

  CallbackThread& callbacks() const { return *callbacks_; }

  // User threads. After close() orders are dropped (false), and calls are cancelled.
  bool post(Order order);
  std::shared_ptr<detail::TaskState> submit(detail::CallParts call);
  // Waits while too much is not accepted.
  bool may_append() const;  // without waiting for room
  // Takes `payloads` over if they are large; else they stay as they are.
  bool append(const JobId& job, std::string_view lengths, std::string&& payloads);
  void cancel(const JobId& job);  // calls made after it are not in the job
  std::uint64_t next_question();

  // The client's end: no more orders, and the I/O thread is to finish.
  void close();

  // The I/O thread.
  int wake_descriptor() const { return wake_.descriptor(); }
  void take(std::vector<Order>& orders);
  // True if there is nothing to take now; from then on an order wakes it, and so does close(), unless that is
  // known. `unaccepted` is what the core holds.
  bool may_sleep(std::size_t unaccepted, bool is_end_known = false);
  void accepted(const SubmitJob& job, std::uint64_t count);
  void retire(const SubmitJob& job);  // later calls get another one
  void retire_idle(std::chrono::steady_clock::time_point now);
  bool is_closed() const;

 private:
  struct Group {
    detail::CallParts call;  // without arguments
    std::shared_ptr<SubmitJob> job;
    JobId id;
    std::string lengths;
    std::string payloads;
    std::vector<std::shared_ptr<detail::TaskState>> tasks;
    std::uint64_t count = 0;           // of tasks, in all
    std::deque<std::uint64_t> on_way;  // of each batch that is not accepted: where it ends
    std::chrono::steady_clock::time_point used{};

    bool matches(const detail::CallParts& other) const;
    bool may_leave() const;
  };

  std::shared_ptr<detail::TaskState> submit_alone(detail::CallParts call);
  Group& group_of(detail::CallParts& call);
  void add(Group& group, std::string_view arguments, std::shared_ptr<detail::TaskState> task);
  void flush(Group& group);
  void retire(std::size_t at);
  void wait_for_room(std::unique_lock<std::mutex>& lock);
  bool has_room() const { return queued_ + taken_ + unaccepted_ < kWindowBytes; }
  void wake_if_needed();

  static constexpr std::size_t kWindowBytes = 64 << 20;

  std::shared_ptr<CallbackThread> callbacks_;
  Wake wake_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::vector<Order> orders_;
  std::vector<std::unique_ptr<Group>> groups_;  // few; the last one used is tried first
  std::size_t last_group_ = 0;
  std::size_t queued_ = 0;      // bytes here,
  std::size_t taken_ = 0;       // on their way to the core,
  std::size_t unaccepted_ = 0;  // and in it
  std::uint64_t questions_ = 0;
  int waiting_ = 0;  // user threads, for room
  bool sleeping_ = false;
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace zonda
