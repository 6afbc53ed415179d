// What a running task may ask and say. A handler takes `zonda::Context&` as its first parameter if it wants
// it. Valid only while the handler runs; stopping() and progress() may be called from any thread of the
// handler.
#pragma once

#include <zonda/job_id.h>

#include <cstdint>
#include <stop_token>
#include <string_view>

namespace zonda {

namespace detail {
class TaskControl;
}

class Context {
 public:
  explicit Context(detail::TaskControl& control) : control_(control) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // True once the task was cancelled or ran over its timeout. A task that goes on is killed a second later if
  // it runs in a process of its own; in a thread it cannot be stopped. Costs a load.
  bool stopping() const;

  // The same as a token, for waits that take one.
  std::stop_token stop_token();

  // Tells the client how far the task is. Cheap at any rate: only the latest is sent, at most ten times a
  // second.
  void progress(std::uint64_t done, std::uint64_t total, std::string_view text = {});

  std::uint32_t attempt() const;  // from 1
  Token token() const;            // for outside systems that fence
  TaskId task() const;

 private:
  detail::TaskControl& control_;
};

}  // namespace zonda
