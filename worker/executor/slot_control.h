// What a handler's Context talks to while a slot runs it.
#pragma once

#include <zonda/detail/task_control.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "proto/limits.h"
#include "worker/executor/slot_page.h"
#include "worker/executor/stop_watch.h"

namespace zonda {

// The Work a runner is at.
struct WorkInfo {
  std::uint32_t sequence = 0;
  JobId job;
  std::uint64_t first = 0;
  Token token;
  std::uint32_t attempt = 1;
};

class SlotControl final : public detail::TaskControl {
 public:
  // Told about bytes of a command: (task's position in the Work, stream, offset, bytes).
  using OutputSink =
      std::function<void(std::uint32_t, detail::OutputStream, std::uint64_t, std::string_view)>;

  SlotControl(SlotPage& page, OutputSink output) : page_(page), watch_(page), output_(std::move(output)) {}

  void enter_work(const WorkInfo& work) { work_ = work; }
  void enter_task(std::uint32_t at) { at_ = at; }

  bool stopping() const override { return page_.stop_task.load(std::memory_order_relaxed) == key(); }
  std::stop_token stop_token() override { return watch_.token_of(key()); }
  void progress(std::uint64_t done, std::uint64_t total, std::string_view text) override;
  std::uint32_t attempt() const override { return work_.attempt; }
  Token token() const override { return work_.token; }
  TaskId task() const override { return {work_.job, work_.first + at_}; }
  void output(detail::OutputStream stream, std::uint64_t offset, std::string_view bytes) override {
    output_(at_, stream, offset, bytes);
  }
  std::uint64_t output_room() const override {
    return page_.output_task.load(std::memory_order_acquire) == key()
               ? page_.output_upto.load(std::memory_order_relaxed)
               : kOutputWindow;
  }
  void command_group(int pgid) override { page_.command_group.store(pgid, std::memory_order_release); }

 private:
  std::uint64_t key() const { return task_key(work_.sequence, at_); }

  SlotPage& page_;
  StopWatch watch_;
  OutputSink output_;
  WorkInfo work_;
  std::uint32_t at_ = 0;
};

// The agent's side of progress().
struct ProgressNote {
  std::uint32_t version = 0;
  std::uint64_t task = 0;  // task_key
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::string text;
};
// Empty if nothing was said after `seen`, or somebody is just writing.
std::optional<ProgressNote> read_progress(const ProgressArea& area, std::uint32_t seen);

}  // namespace zonda
