#include "cli/live_stream.h"

namespace zonda::cli {

std::string_view LiveStream::next(Token token, std::uint64_t offset, std::string_view bytes) {
  if (token < token_) return {};  // late news of a run that was given up
  if (token > token_) token_ = token, shown_ = 0;
  if (offset > shown_ || offset + bytes.size() <= shown_) return {};
  bytes.remove_prefix(static_cast<std::size_t>(shown_ - offset));
  shown_ += bytes.size();
  return bytes;
}

std::string_view LiveStream::rest(Token token, std::string_view whole) {
  if (token != token_) token_ = token, shown_ = 0;
  if (shown_ >= whole.size()) return {};
  whole.remove_prefix(static_cast<std::size_t>(shown_));
  shown_ += whole.size();
  return whole;
}

}  // namespace zonda::cli
