// Frames between an agent and an executor child, over a stream socket. docs/executor-protocol.md is the
// contract; this file is its codec and its reader and writer.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/column.h"
#include "proto/slab.h"
#include "worker/executor/outcome_batch.h"
#include "worker/executor/slot_control.h"

namespace zonda {

inline constexpr std::uint32_t kExecutorProtocol = 1;

enum class FrameKind : std::uint32_t { Hello = 1, Work = 2, Finished = 3, Output = 4 };

// On the socket: kind u32, head size u32, body size u64 (little-endian), head, body.
// The head is a msgpack array; the body holds columns and bytes as they are.
struct Frame {
  FrameKind kind{};
  std::string_view head;
  std::string_view body;
};

struct HelloFrame {
  std::uint32_t protocol = kExecutorProtocol;
  std::vector<std::pair<std::string, std::string>>
      functions;  // name, signature; a Work names one by its position
};
struct WorkFrame {
  WorkInfo work;
  std::uint32_t function = 0;
  Column arguments;
};
struct OutputFrame {
  std::uint32_t sequence = 0;
  std::uint32_t at = 0;
  std::uint8_t stream = 1;
  std::uint64_t offset = 0;
  std::string_view bytes;
};

std::string encode_head(const HelloFrame& hello);
std::string encode_head(const WorkFrame& work);
std::string encode_head(const OutcomeBatchView& batch);
std::string encode_head(const OutputFrame& output);

// These throw detail::DecodeError. Views point into the frame.
HelloFrame decode_hello(const Frame& frame);
WorkFrame decode_work(const Frame& frame);
OutcomeBatchView decode_finished(const Frame& frame);
OutputFrame decode_output(const Frame& frame);

// Cuts what arrives into frames.
class FrameReader {
 public:
  enum class Filled : std::uint8_t { Some, Nothing, Closed };

  // One recv(); waits if the socket does.
  Filled fill(int fd);
  // The next whole frame, valid until the next call. Throws DecodeError on what cannot be a frame.
  std::optional<Frame> next();

 private:
  std::string buffer_;
  std::size_t begin_ = 0;  // of what was not handed out
  std::size_t end_ = 0;    // of what arrived; the buffer is larger
};

// Frames on their way into a socket that may be full.
class FrameWriter {
 public:
  enum class Flushed : std::uint8_t { All, Some, Closed };

  // `slab` keeps the views of `parts` alive until they are sent.
  void push(FrameKind kind, std::string head, std::vector<std::string_view> parts, Slab slab);
  Flushed flush(int fd);

 private:
  struct Pending {
    std::string head;  // with the frame's header
    std::vector<std::string_view> parts;
    Slab slab;
    std::size_t sent = 0;
  };
  std::deque<Pending> frames_;
};

// Sends a frame on a socket that waits; false if the peer is gone.
bool send_frame(int fd, FrameKind kind, const std::string& head, const std::vector<std::string_view>& parts);

}  // namespace zonda
