// The inner loop of both executors: runs the tasks of a Work one by one on the calling thread.
#pragma once

#include <zonda/detail/handler.h>

#include "proto/column.h"
#include "worker/executor/journal.h"
#include "worker/executor/outcome_batch.h"
#include "worker/executor/slot_control.h"
#include "worker/executor/task_clock.h"

namespace zonda {

// Where a runner's news go: a queue in memory or a socket.
class RunnerNews {
 public:
  virtual ~RunnerNews() = default;
  virtual void send(const OutcomeBatchView& batch) = 0;
  // The same of one whose payloads are these bytes, which may be taken.
  virtual void send(const OutcomeBatchView& batch, std::string& payloads) = 0;
  virtual void send_output(std::uint32_t sequence, std::uint32_t at, detail::OutputStream stream,
                           std::uint64_t offset, std::string_view bytes) = 0;
};

class WorkRunner {
 public:
  WorkRunner(SlotPage& page, RunnerNews& news);

  // Returns when the Work is over; its last batch has been sent then. The agent has set the Work's cursor.
  void run(const WorkInfo& work, const detail::Handler& handler, const Column& arguments);

 private:
  void run_task_at(std::uint32_t at, const detail::Handler& handler, std::string_view argument);
  void keep(std::uint32_t at, std::uint8_t kind);
  void flush(bool last);

  SlotPage& page_;
  RunnerNews& news_;
  SlotControl control_;
  JournalWriter journal_;
  TaskClock clock_;
  detail::Output out_;
  std::uint32_t sequence_ = 0;
  std::int64_t busy_from_ns_ = 0;  // since the last flush
};

}  // namespace zonda
