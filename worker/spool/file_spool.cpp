#include "worker/spool/file_spool.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "proto/digest.h"

namespace zonda {
namespace {

constexpr std::uint64_t kBlock = 4096;  // only whole blocks can be given back

std::uint64_t in_blocks(std::uint64_t bytes) { return (bytes + kBlock - 1) / kBlock * kBlock; }

[[noreturn]] void refuse(const std::string& directory, int error) {
  throw std::runtime_error("cannot keep outcomes in " + directory + ": " + ::strerror(error));
}

void make_directory(const std::string& directory) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::path(directory).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) refuse(directory, errno);
}

// Without a name from its first moment, where the filesystem can do that.
UniqueFd make_file(const std::string& directory) {
  UniqueFd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  std::string path = directory + "/spool-XXXXXX";
  file = UniqueFd(::mkostemp(path.data(), O_CLOEXEC));
  if (!file) refuse(directory, errno);
  ::unlink(path.c_str());
  return file;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value == '/' ? value : "";
}

}  // namespace

std::string default_spool_directory() {
  if (const std::string state = variable("XDG_STATE_HOME"); !state.empty()) return state + "/zonda";
  if (const std::string home = variable("HOME"); !home.empty()) return home + "/.local/state/zonda";
  return "/var/tmp/zonda-" + std::to_string(::geteuid());
}

FileSpool::FileSpool(const std::string& directory, std::uint64_t bytes_max)
    : directory_(directory), bytes_max_(bytes_max) {
  make_directory(directory_);
  file_ = make_file(directory_);
}

std::optional<Spool::Place> FileSpool::put(std::string_view bytes) {
  const std::uint64_t size = in_blocks(bytes.size());
  if (used_ > bytes_max_ || size > bytes_max_ - used_) return std::nullopt;
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t written =
        ::pwrite(file_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(end_ + done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      fault_ = directory_ + ": " + ::strerror(written < 0 ? errno : ENOSPC);
      if (::ftruncate(file_.get(), static_cast<off_t>(end_)) != 0) fault_ += ", and cannot be cut";
      return std::nullopt;
    }
    done += static_cast<std::size_t>(written);
  }
  fault_.clear();
  const Place place{end_, bytes.size(), digest(bytes)};
  end_ += size;
  live_ += size;
  used_ += size;
  return place;
}

bool FileSpool::get(const Place& place, std::string& bytes) {
  bytes.resize(place.size);
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got = ::pread(file_.get(), bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(place.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      fault_ = directory_ + ": " + (got < 0 ? ::strerror(errno) : "the file is shorter than it was");
      return false;
    }
    done += static_cast<std::size_t>(got);
  }
  if (digest(bytes) == place.digest) return true;
  fault_ = directory_ + ": what is read is not what was written";
  return false;
}

void FileSpool::release(const Place& place) {
  const std::uint64_t size = in_blocks(place.size);
  live_ -= size;
  if (live_ == 0) {
    if (::ftruncate(file_.get(), 0) == 0) end_ = used_ = 0;
    return;
  }
  const int punched = ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                  static_cast<off_t>(place.offset), static_cast<off_t>(size));
  if (punched == 0) used_ -= size;
}

}  // namespace zonda
