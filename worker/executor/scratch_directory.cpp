#include "worker/executor/scratch_directory.h"

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace zonda {

ScratchDirectory::ScratchDirectory() {
  const char* base = std::getenv("TMPDIR");
  path_ = (base != nullptr && *base == '/') ? base : "/var/tmp";
  path_ += "/zonda-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "cannot make a scratch directory " + path_);
  }
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;  // what cannot be removed stays: the outcome counts more
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace zonda
