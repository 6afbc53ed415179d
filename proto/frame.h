// A frame: one msgpack array that begins with this header and goes on with the fields of one message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "proto/messages.h"

namespace zonda {

struct Header {
  std::uint64_t session = 0;  // 0 before WELCOME
  std::uint64_t seq = 0;      // from 1 on each lane of a session; 0: outside of the numbering
  std::uint64_t ack = 0;      // last frame read in order from the peer; broker to worker: from its sink lane
  std::uint64_t credit_tasks =
      0;  // how many tasks and bytes the receiver may have sent in this session, in all
  std::uint64_t credit_bytes = 0;

  friend bool operator==(const Header&, const Header&) = default;
};

struct Frame {
  Header header;
  Message message;  // its views point into the frame's bytes
};

// Why bytes are not a frame.
struct BadFrame {
  std::string reason;
  bool wrong_version = false;
};

std::string encode(const Header& header, const Message& message);

// Checks every length against limits.h and the bytes that are there before it allocates. Never throws.
std::variant<Frame, BadFrame> decode(std::string_view bytes);

// One line for logs and scenarios, without payloads: "stored upto=4".
std::string describe(const Message& message);
const char* name_of(MessageType type);  // "stored"

}  // namespace zonda
