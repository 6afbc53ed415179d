#include "proto/wire/cookie.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace zonda {
namespace {

std::string path_of(std::uint16_t port) { return runtime_directory() + "/cookie-" + std::to_string(port); }

// Ours, a plain file, and readable by nobody else.
bool is_private(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
         (info.st_mode & 077) == 0;
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

std::string new_cookie() {
  unsigned char bytes[16];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) throw std::runtime_error("no random bytes");
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

void write_cookie(std::uint16_t port, const std::string& cookie) {
  const std::string path = path_of(port);
  const std::string fresh = path + "." + std::to_string(getpid());
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  const bool written =
      fd >= 0 && write(fd, cookie.data(), cookie.size()) == static_cast<ssize_t>(cookie.size());
  if (fd >= 0) close(fd);
  if (!written || rename(fresh.c_str(), path.c_str()) != 0) throw std::runtime_error("cannot write " + path);
}

std::string read_cookie(std::uint16_t port) {
  std::string path;
  try {
    path = path_of(port);
  } catch (const std::runtime_error&) {
    return {};
  }
  const int fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return {};
  char bytes[64];
  const ssize_t size = is_private(fd) ? read(fd, bytes, sizeof bytes) : 0;
  close(fd);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

void remove_cookie(std::uint16_t port, const std::string& cookie) {
  if (read_cookie(port) == cookie) unlink(path_of(port).c_str());
}

}  // namespace zonda
