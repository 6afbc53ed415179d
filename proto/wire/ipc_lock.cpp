#include "proto/wire/ipc_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace zonda {
namespace {

[[noreturn]] void fail(const std::string& directory, const std::string& why) {
  throw std::runtime_error("ipc://" + directory + ": " + why);
}

void prepare(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    fail(directory, std::string("cannot create the directory: ") + std::strerror(errno));
  }
  struct stat status {};
  if (lstat(directory.c_str(), &status) != 0) fail(directory, std::strerror(errno));
  if (!S_ISDIR(status.st_mode)) fail(directory, "is not a directory");
  if (status.st_uid != geteuid()) fail(directory, "the directory belongs to another user");
  if ((status.st_mode & 077) != 0) fail(directory, "the directory is open to other users (chmod 700 it)");
}

}  // namespace

IpcLock::IpcLock(const std::string& directory) : directory_(directory) {
  prepare(directory);
  const std::string path = directory + "/lock";
  descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor_ < 0) fail(directory, std::string("cannot open its lock: ") + std::strerror(errno));
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  close(descriptor_);
  fail(directory, error == EWOULDBLOCK ? "another broker runs there" : std::strerror(error));
}

// The lock's file stays: removing it would let two processes lock two files of the same name.
IpcLock::~IpcLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

IpcLock::IpcLock(IpcLock&& other) noexcept
    : directory_(std::move(other.directory_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

}  // namespace zonda
