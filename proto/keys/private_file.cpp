#include "proto/keys/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "proto/unique_fd.h"

namespace zonda {
namespace {

constexpr std::size_t kFileBytesMax = 64 << 20;

[[noreturn]] void fail(const std::string& what, const std::string& path, int error) {
  throw KeyFileError("cannot " + what + " " + path + ": " + std::strerror(error), "");
}

void require_private(const UniqueFd& file, const std::string& path) {
  struct stat info {};
  if (fstat(file.get(), &info) != 0) fail("read", path, errno);
  if (!S_ISREG(info.st_mode)) throw KeyFileError(path + " is no plain file", "");
  if (info.st_uid != geteuid() && info.st_uid != 0)
    throw KeyFileError(
        path + " belongs to another user",
        "keys are their user's alone: run this as that user, or chown it if it should be yours");
  if ((info.st_mode & 077) != 0) throw KeyFileError(path + " can be read by others", "chmod 600 " + path);
}

void write_all(const UniqueFd& file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", path, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(file.get()) != 0) fail("write", path, errno);
}

// What is in it is not safe before this.
void sync_directory_of(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const UniqueFd directory(open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || fsync(directory.get()) != 0) fail("write", path, errno);
}

// Beside it, and gone again if anything fails.
class Fresh {
 public:
  Fresh(const std::string& path, std::string_view text) : Fresh(path) {
    const UniqueFd file(mkostemp(fresh_.data(), O_CLOEXEC));  // with mode 0600
    if (!file) fail("write", path_, errno);
    write_all(file, text, path_);
  }
  Fresh(const Fresh&) = delete;
  ~Fresh() { unlink(fresh_.c_str()); }
  const char* name() const { return fresh_.c_str(); }

 private:
  explicit Fresh(const std::string& path) : path_(path), fresh_(path + ".XXXXXX") {}

  std::string path_;
  std::string fresh_;
};

}  // namespace

std::string read_private_file(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) fail("read", path, errno);
  require_private(file, path);
  std::string text;
  char part[4096];
  for (;;) {
    const ssize_t size = read(file.get(), part, sizeof part);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail("read", path, errno);
    if (size == 0) return text;
    text.append(part, static_cast<std::size_t>(size));
    if (text.size() > kFileBytesMax) throw KeyFileError(path + " is too large for a file of keys", "");
  }
}

void create_private_file(const std::string& path, std::string_view text) {
  const Fresh fresh(path, text);
  if (link(fresh.name(), path.c_str()) != 0) {
    if (errno == EEXIST)
      throw KeyFileError(path + " is there already", "it is not overwritten: move it away");
    fail("write", path, errno);
  }
  sync_directory_of(path);
}

void replace_private_file(const std::string& path, std::string_view text) {
  const Fresh fresh(path, text);
  if (rename(fresh.name(), path.c_str()) != 0) fail("write", path, errno);
  sync_directory_of(path);
}

}  // namespace zonda
