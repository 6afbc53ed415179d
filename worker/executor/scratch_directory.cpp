#include "worker/executor/scratch_directory.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace zonda {
namespace {

std::string base_directory() {
  const char* base = std::getenv("TMPDIR");
  return (base != nullptr && *base == '/') ? base : "/var/tmp";
}

// Names the process for everyone who may share the directory: other hosts, and other containers with the same
// pids.
std::string prefix_of(int pid) {
  char host[HOST_NAME_MAX + 1] = {};
  ::gethostname(host, HOST_NAME_MAX);
  struct stat pids {};
  ::stat("/proc/self/ns/pid", &pids);
  return "zonda-" + std::string(host) + "-" + std::to_string(pids.st_ino) + "-" + std::to_string(pid) + "-";
}

}  // namespace

void remove_scratch_of(int pid) {
  const std::string prefix = prefix_of(pid);
  std::error_code error;
  for (std::filesystem::directory_iterator at(base_directory(), error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (at->path().filename().string().starts_with(prefix)) std::filesystem::remove_all(at->path(), ignored);
  }
}

ScratchDirectory::ScratchDirectory() : path_(base_directory() + "/" + prefix_of(::getpid()) + "XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "cannot make a scratch directory " + path_);
  }
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;  // what cannot be removed stays: the outcome counts more
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace zonda
