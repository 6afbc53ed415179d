// Any bytes are a frame or a BadFrame; a frame survives being encoded and decoded.
#include "proto/frame.h"
#include "tests/fuzz/input.h"

using namespace zonda;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoded = decode({reinterpret_cast<const char*>(data), size});
  const Frame* frame = std::get_if<Frame>(&decoded);
  if (frame == nullptr) {
    ZONDA_ASSERT(!std::get<BadFrame>(decoded).reason.empty());
    return 0;
  }
  const std::string bytes = encode(frame->header, frame->message);
  const auto again = decode(bytes);
  if (const BadFrame* bad = std::get_if<BadFrame>(&again)) {
    ZONDA_ASSERT(bad->reason == "control frame too large");  // amounts given as integers grow to floats
    return 0;
  }
  const Frame& same = std::get<Frame>(again);
  ZONDA_ASSERT(same.header == frame->header);
  ZONDA_ASSERT(encode(same.header, same.message) == bytes);
  ZONDA_ASSERT(describe(same.message) == describe(frame->message));
  return 0;
}
