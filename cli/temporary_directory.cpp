#include "cli/temporary_directory.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

namespace zonda::cli {

TemporaryDirectory::TemporaryDirectory(const std::string& parent, const std::string& name) {
  std::string path = parent + "/" + name + "-" + std::to_string(getpid()) + "-XXXXXX";
  if (mkdtemp(path.data()) != nullptr) path_ = std::move(path);
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryDirectory& TemporaryDirectory::operator=(TemporaryDirectory&& other) noexcept {
  remove();
  path_ = std::exchange(other.path_, {});
  return *this;
}

void TemporaryDirectory::remove() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(std::exchange(path_, {}), ignored);
}

}  // namespace zonda::cli
