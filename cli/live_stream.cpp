#include "cli/live_stream.h"

namespace zonda::cli {

std::string_view LiveStream::next(std::uint32_t attempt, std::uint64_t offset, std::string_view bytes) {
  if (attempt < attempt_) return {};  // late news of an attempt that was given up
  if (attempt > attempt_) attempt_ = attempt, shown_ = 0;
  if (offset > shown_ || offset + bytes.size() <= shown_) return {};
  bytes.remove_prefix(static_cast<std::size_t>(shown_ - offset));
  shown_ += bytes.size();
  return bytes;
}

std::string_view LiveStream::rest(std::uint32_t attempt, std::string_view whole) {
  if (attempt != attempt_) attempt_ = attempt, shown_ = 0;
  if (shown_ >= whole.size()) return {};
  whole.remove_prefix(static_cast<std::size_t>(shown_));
  shown_ += whole.size();
  return whole;
}

}  // namespace zonda::cli
