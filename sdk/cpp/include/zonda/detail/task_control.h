// The other side of zonda::Context: implemented by each kind of executor.
#pragma once

#include <zonda/job_id.h>

#include <cstdint>
#include <stop_token>
#include <string_view>

namespace zonda::detail {

enum class OutputStream : std::uint8_t { Stdout = 1, Stderr = 2 };

class TaskControl {
 public:
  virtual ~TaskControl() = default;

  virtual bool stopping() const = 0;
  virtual std::stop_token stop_token() = 0;
  virtual void progress(std::uint64_t done, std::uint64_t total, std::string_view text) = 0;
  virtual std::uint32_t attempt() const = 0;
  virtual Token token() const = 0;
  virtual TaskId task() const = 0;

  // Bytes a command wrote, for a client that watches. `offset` counts from the attempt's start.
  virtual void output(OutputStream stream, std::uint64_t offset, std::string_view bytes) = 0;
  // How many bytes of output, of both streams together, the attempt may have said in all by now.
  virtual std::uint64_t output_room() const = 0;
  // The process group of a command that runs now (0: none), so that it dies with its executor.
  virtual void command_group(int pgid) = 0;
};

}  // namespace zonda::detail
