#include "proto/wire/cookie.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace zonda {
namespace {

constexpr std::size_t kCookieBytesMax = 4096;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

std::vector<std::string> directories() {
  std::vector<std::string> found;
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && runtime[0] == '/') found.push_back(std::string(runtime) + "/zonda");
  found.push_back("/tmp/zonda-" + std::to_string(geteuid()));
  return found;
}

std::string file_name(std::uint16_t port) { return "cookie-" + std::to_string(port); }

// A directory that nobody else can have put there or can write to.
int open_own_directory(const std::string& path) {
  const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) return -1;
  struct stat facts {};
  if (fstat(directory, &facts) == 0 && facts.st_uid == geteuid() && (facts.st_mode & 077) == 0)
    return directory;
  close(directory);
  errno = EPERM;
  return -1;
}

std::string read_own_file(int directory, const std::string& name) {
  const Descriptor file(openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat facts {};
  if (file.number() < 0 || fstat(file.number(), &facts) != 0) return {};
  if (!S_ISREG(facts.st_mode) || facts.st_uid != geteuid() || (facts.st_mode & 077) != 0) return {};
  char bytes[kCookieBytesMax];
  const ssize_t size = read(file.number(), bytes, sizeof bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

[[noreturn]] void fail(const std::string& path) {
  throw std::runtime_error("cannot write a cookie to " + path + ": " + std::strerror(errno));
}

}  // namespace

std::string read_cookie(std::uint16_t port) {
  for (const std::string& path : directories()) {
    const Descriptor directory(open_own_directory(path));
    if (directory.number() < 0) continue;
    if (std::string cookie = read_own_file(directory.number(), file_name(port)); !cookie.empty())
      return cookie;
  }
  return {};
}

void write_cookie(std::uint16_t port, const std::string& cookie) {
  const std::string path = directories().front();
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail(path);
  const Descriptor directory(open_own_directory(path));
  if (directory.number() < 0) fail(path);
  const std::string name = file_name(port);
  const std::string fresh = name + "." + std::to_string(getpid());
  unlinkat(directory.number(), fresh.c_str(), 0);
  {
    const Descriptor file(openat(directory.number(), fresh.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.number() < 0) fail(path);
    if (write(file.number(), cookie.data(), cookie.size()) != static_cast<ssize_t>(cookie.size())) fail(path);
  }
  if (renameat(directory.number(), fresh.c_str(), directory.number(), name.c_str()) != 0) fail(path);
}

void remove_cookie(std::uint16_t port) noexcept {
  try {
    const Descriptor directory(open_own_directory(directories().front()));
    if (directory.number() >= 0) unlinkat(directory.number(), file_name(port).c_str(), 0);
  } catch (...) {  // out of memory: the file stays, and is of no use to anybody
  }
}

}  // namespace zonda
