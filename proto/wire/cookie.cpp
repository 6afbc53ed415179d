#include "proto/wire/cookie.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace zonda {
namespace {

// Ours, a plain file, and readable by nobody else.
bool is_private(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
         (info.st_mode & 077) == 0;
}

std::string random_text() {
  unsigned char bytes[16];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) throw std::runtime_error("no random bytes");
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// Appears whole or not at all; if another process made one meanwhile, that one stays.
void make_cookie(const std::string& path) {
  const std::string fresh = path + "." + std::to_string(getpid());
  const std::string cookie = random_text();
  unlink(fresh.c_str());
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  const bool written =
      fd >= 0 && write(fd, cookie.data(), cookie.size()) == static_cast<ssize_t>(cookie.size());
  if (fd >= 0) close(fd);
  const bool linked = written && (link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST);
  unlink(fresh.c_str());
  if (!linked) throw std::runtime_error("cannot write " + path);
}

}  // namespace

std::string runtime_directory() {
  const char* xdg = std::getenv("XDG_RUNTIME_DIR");
  const bool has_xdg = xdg != nullptr && *xdg == '/' && access(xdg, W_OK) == 0;
  const std::string path = has_xdg ? std::string(xdg) + "/zonda" : "/tmp/zonda-" + std::to_string(geteuid());
  mkdir(path.c_str(), 0700);
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid() ||
      (info.st_mode & 077) != 0)
    throw std::runtime_error(path + " is not a directory that only we can use");
  return path;
}

std::string user_cookie() {
  const std::string path = runtime_directory() + "/cookie";
  if (access(path.c_str(), F_OK) != 0) make_cookie(path);
  const int fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  char bytes[64];
  const ssize_t size = fd >= 0 && is_private(fd) ? read(fd, bytes, sizeof bytes) : 0;
  if (fd >= 0) close(fd);
  if (size <= 0) throw std::runtime_error(path + " is not a file that only we can read");
  return std::string(bytes, static_cast<std::size_t>(size));
}

}  // namespace zonda
