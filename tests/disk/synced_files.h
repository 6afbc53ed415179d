// What a disk has of some small files for sure: their contents as of the last sync that succeeded, and their
// names as of the last sync of a directory.
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace zonda {

class SyncedFiles {
 public:
  // Before the first change, all of a file is on the disk.
  void before_change(int descriptor) {
    const std::lock_guard lock(mutex_);
    file_of(descriptor);
  }
  void synced(int descriptor) {
    const std::lock_guard lock(mutex_);
    if (is_directory(descriptor)) return renames_.clear();
    File& file = file_of(descriptor);
    file.synced = contents(file.descriptor);
  }
  void renamed(const char* from, const char* to) {
    const std::lock_guard lock(mutex_);
    renames_.emplace_back(from, to);
  }

  // What was written to this file since is gone.
  void lose(int descriptor) {
    const std::lock_guard lock(mutex_);
    if (is_directory(descriptor)) return lose_renames();
    const File& file = file_of(descriptor);
    put_back(file);
  }
  void lose_all() {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, file] : files_) put_back(file);
    lose_renames();
  }

 private:
  struct File {
    int descriptor = -1;  // its own, and never closed: that would end the locks that SQLite has on the file
    std::string synced;
  };

  static struct stat status_of(int descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0) std::abort();
    return status;
  }
  static bool is_directory(int descriptor) { return S_ISDIR(status_of(descriptor).st_mode); }

  static std::string contents(int descriptor) {
    std::string bytes(static_cast<std::size_t>(status_of(descriptor).st_size), '\0');
    if (pread(descriptor, bytes.data(), bytes.size(), 0) != std::ssize(bytes)) std::abort();
    return bytes;
  }

  File& file_of(int descriptor) {
    const auto [at, is_new] = files_.try_emplace(status_of(descriptor).st_ino);
    if (is_new) {
      const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
      at->second.descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
      at->second.synced = contents(at->second.descriptor);
    }
    return at->second;
  }

  // Without the functions that fail: these are system calls of the disk itself.
  static void put_back(const File& file) {
    const long size = std::ssize(file.synced);
    if (syscall(SYS_ftruncate, file.descriptor, size) != 0 ||
        syscall(SYS_pwrite64, file.descriptor, file.synced.data(), size, 0L) != size)
      std::abort();
  }
  void lose_renames() {
    for (; !renames_.empty(); renames_.pop_back()) {
      const auto& [from, to] = renames_.back();
      if (syscall(SYS_renameat2, AT_FDCWD, to.c_str(), AT_FDCWD, from.c_str(), 0) != 0) std::abort();
    }
  }

  std::mutex mutex_;
  std::map<ino_t, File> files_;
  std::vector<std::pair<std::string, std::string>> renames_;  // since the last sync of a directory
};

}  // namespace zonda
