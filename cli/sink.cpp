#include "cli/sink.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

}  // namespace

Sink::Sink(int fd) : fd_(fd), terminal_(isatty(fd) == 1) {}

Sink::~Sink() {
  try {
    flush();
  } catch (...) {  // who wants to know flushes before
    buffer_.clear();
  }
}

void Sink::write(std::string_view bytes) {
  buffer_.append(bytes);
  if (buffer_.size() >= kBufferBytes) flush();
}

void Sink::flush() {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t count = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN) {  // somebody else made our terminal or pipe non-blocking
      pollfd waiting{fd_, POLLOUT, 0};
      poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      const int why = errno;
      buffer_.clear();
      if (why == EPIPE) throw OutputClosed{};
      throw Complaint(ExitCode::Failure, std::string("cannot write output: ") + std::strerror(why));
    }
  }
  buffer_.clear();
}

std::size_t Sink::columns() const {
  winsize size{};
  if (!terminal_) return 0;
  return ioctl(fd_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace zonda::cli
