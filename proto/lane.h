// One direction of a session: frames numbered without gaps. A session is gapless or over, and that is the
// whole recovery protocol: who misses a number ends the session, and a new one re-states everything. Messages
// larger than a frame travel as pieces that follow each other on the lane.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/frame.h"

namespace zonda {

class LaneSender {
 public:
  // The frames that carry `message`, numbered. header.seq is filled in here.
  std::vector<std::string> pack(Header header, const Message& message);
  std::uint64_t last() const { return last_; }  // number of the last frame packed
  void rewind(std::uint64_t last) { last_ = last; }

 private:
  std::uint64_t last_ = 0;
};

enum class Arrival : std::uint8_t {
  Complete,   // `message` is to be handled
  Partial,    // a piece; nothing to handle yet
  Duplicate,  // seen before; ignore
  Gap,        // a frame is missing; this one was not taken
  Bad,        // pieces that do not fit together, or that make no message; the lane is over
};

class LaneReceiver {
 public:
  // `frame` must be of this session and numbered. If the answer is Complete, take() has the message; it stays
  // valid until the next call, or as long as the frame's bytes.
  Arrival receive(Frame& frame);
  Message& message() { return message_; }
  std::uint64_t last() const { return last_; }  // number of the last frame read in order
  // Bytes of a message in pieces that is not complete.
  std::uint64_t partial_bytes() const { return total_ == 0 ? 0 : assembled_.size(); }
  // The message was handled. One that came in pieces may be a gigabyte, and the next may be long in coming.
  void release();

 private:
  Arrival add_piece(const Piece& piece);

  std::uint64_t last_ = 0;
  std::string assembled_;  // the pieces so far
  std::uint64_t total_ = 0;
  bool broken_ = false;  // a message was not understood: nothing after it may count
  Message message_;
};

}  // namespace zonda
