#include "cli/pid_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "command_line/complaint.h"

namespace zonda::cli {

PidFile::PidFile(std::string path, const std::string& if_held, const std::string& hint)
    : path_(std::move(path)), fd_(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (fd_ < 0) throw Complaint(ExitCode::Failure, "cannot write " + path_ + ": " + std::strerror(errno));
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    close(fd_);
    throw Complaint(ExitCode::Refused, if_held, hint);
  }
  write_pid();
}

PidFile::~PidFile() {
  if (owner_ == getpid()) unlink(path_.c_str());
  close(fd_);
}

void PidFile::write_pid() {
  owner_ = getpid();
  const std::string text = std::to_string(owner_) + "\n";
  if (ftruncate(fd_, 0) != 0 || pwrite(fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    throw Complaint(ExitCode::Failure, "cannot write " + path_ + ": " + std::strerror(errno));
}

std::optional<pid_t> PidFile::holder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  char text[32] = {};
  const bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  const bool read = pread(fd, text, sizeof text - 1, 0) > 0;
  close(fd);
  const int pid = std::atoi(text);
  return held && read && pid > 0 ? std::optional<pid_t>(pid) : std::nullopt;
}

}  // namespace zonda::cli
