#include "cli/input_reader.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;  // as much as a pipe holds

}  // namespace

InputReader::InputReader(int fd, char delimiter, std::function<void()> on_input)
    : fd_(fd), stop_(eventfd(0, EFD_CLOEXEC)), splitter_(delimiter), on_input_(std::move(on_input)) {
  thread_ = std::thread([this] { read_all(); });
}

InputReader::~InputReader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  taken_.notify_all();
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t ignored = write(stop_, &one, sizeof one);
  thread_.join();
  close(stop_);
}

InputReader::Taken InputReader::take() {
  const std::lock_guard lock(mutex_);
  Taken taken{std::exchange(inputs_, {}), end_};
  if (end_ && error_ != 0 && taken.inputs.empty())
    throw Complaint(ExitCode::Failure, std::string("cannot read the inputs: ") + std::strerror(error_));
  if (error_ != 0) taken.end = false;  // the next call says why
  taken_.notify_all();
  return taken;
}

bool InputReader::wait_readable() const {
  pollfd waiting[] = {{fd_, POLLIN, 0}, {stop_, POLLIN, 0}};
  while (poll(waiting, 2, -1) < 0 && errno == EINTR) {
  }
  return waiting[1].revents == 0;
}

bool InputReader::hand_over(std::vector<std::string>& inputs, bool end, int error) {
  if (inputs.empty() && !end) return true;
  {
    std::unique_lock lock(mutex_);
    taken_.wait(lock, [this] { return inputs_.empty() || stopping_; });
    if (stopping_) return false;
    inputs_ = std::exchange(inputs, {});
    end_ = end;
    error_ = error;
  }
  on_input_();
  return true;
}

void InputReader::read_all() {
  std::string buffer(kReadBytes, '\0');
  std::vector<std::string> inputs;
  while (wait_readable()) {
    const ssize_t count = ::read(fd_, buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count > 0) {
      splitter_.feed(std::string_view(buffer).substr(0, static_cast<std::size_t>(count)), inputs);
      if (!hand_over(inputs, false, 0)) return;
      continue;
    }
    const int error = count < 0 ? errno : 0;
    splitter_.finish(inputs);
    hand_over(inputs, true, error);
    return;
  }
}

}  // namespace zonda::cli
