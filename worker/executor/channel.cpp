#include "worker/executor/channel.h"

#include <sys/socket.h>
#include <zonda/detail/reader.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace zonda {
namespace {

constexpr std::size_t kHeaderSize = 16;
constexpr std::uint32_t kHeadMax = 16 << 20;
constexpr std::uint64_t kBodyMax = std::uint64_t{1} << 40;
constexpr std::size_t kReadMin = 256 * 1024;
constexpr std::size_t kSpareBytesMax = 4 << 20;  // a channel does not keep the room of its largest frame
constexpr std::size_t kPartsMax = 8;             // of a frame, its head included

struct Header {
  std::uint32_t kind;
  std::uint32_t head_size;
  std::uint64_t body_size;
};
static_assert(sizeof(Header) == kHeaderSize);

std::string with_header(FrameKind kind, std::string_view head, const std::vector<std::string_view>& parts) {
  Header header{static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(head.size()), 0};
  for (const std::string_view part : parts) header.body_size += part.size();
  std::string out(reinterpret_cast<const char*>(&header), sizeof header);
  return out += head;
}

// One sendmsg() of what follows the first `sent` bytes. -1 with errno, as sendmsg.
ssize_t send_rest(int fd, std::string_view head, const std::vector<std::string_view>& parts,
                  std::size_t sent) {
  std::array<iovec, kPartsMax> vectors{};
  std::size_t count = 0;
  const auto add = [&](std::string_view bytes) {
    const std::size_t skipped = std::min(sent, bytes.size());
    sent -= skipped;
    if (skipped == bytes.size()) return;
    vectors.at(count++) = {const_cast<char*>(bytes.data() + skipped), bytes.size() - skipped};
  };
  add(head);
  for (const std::string_view part : parts) add(part);
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

std::size_t total_size(std::string_view head, const std::vector<std::string_view>& parts) {
  std::size_t size = head.size();
  for (const std::string_view part : parts) size += part.size();
  return size;
}

}  // namespace

FrameReader::Filled FrameReader::fill(int fd) {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (begin_ > 0 && buffer_.size() - end_ < kReadMin) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  // Grows with what arrives, not with what a header announces.
  if (buffer_.size() - end_ < kReadMin) buffer_.resize(std::max(2 * end_, end_ + kReadMin));
  for (;;) {
    const ssize_t size = ::recv(fd, buffer_.data() + end_, buffer_.size() - end_, 0);
    if (size > 0) {
      end_ += static_cast<std::size_t>(size);
      return Filled::Some;
    }
    if (size == 0) return Filled::Closed;
    if (errno == EINTR) continue;
    return errno == EAGAIN ? Filled::Nothing : Filled::Closed;
  }
}

std::optional<Frame> FrameReader::next() {
  const std::size_t available = end_ - begin_;
  // At once, not with the next frame: that may be long in coming, and there are as many readers as slots.
  if (available == 0 && buffer_.size() > kSpareBytesMax) {
    begin_ = end_ = 0;
    std::string().swap(buffer_);
  }
  if (available < kHeaderSize) return std::nullopt;
  Header header{};
  std::memcpy(&header, buffer_.data() + begin_, kHeaderSize);
  if (header.head_size > kHeadMax || header.body_size > kBodyMax)
    throw detail::DecodeError("frame too large");
  const std::size_t size = kHeaderSize + header.head_size + header.body_size;
  if (available < size) return std::nullopt;
  const std::string_view bytes(buffer_.data() + begin_ + kHeaderSize, size - kHeaderSize);
  begin_ += size;
  return Frame{static_cast<FrameKind>(header.kind), bytes.substr(0, header.head_size),
               bytes.substr(header.head_size)};
}

void FrameWriter::push(FrameKind kind, std::string head, std::vector<std::string_view> parts, Slab slab) {
  frames_.push_back({with_header(kind, head, parts), std::move(parts), std::move(slab), 0});
}

FrameWriter::Flushed FrameWriter::flush(int fd) {
  while (!frames_.empty()) {
    Pending& frame = frames_.front();
    const ssize_t size = send_rest(fd, frame.head, frame.parts, frame.sent);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN ? Flushed::Some : Flushed::Closed;
    frame.sent += static_cast<std::size_t>(size);
    if (frame.sent == total_size(frame.head, frame.parts)) frames_.pop_front();
  }
  return Flushed::All;
}

bool send_frame(int fd, FrameKind kind, const std::string& head, const std::vector<std::string_view>& parts) {
  const std::string full_head = with_header(kind, head, parts);
  const std::size_t size = total_size(full_head, parts);
  for (std::size_t sent = 0; sent < size;) {
    const ssize_t now = send_rest(fd, full_head, parts, sent);
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) return false;
    sent += static_cast<std::size_t>(now);
  }
  return true;
}

}  // namespace zonda
