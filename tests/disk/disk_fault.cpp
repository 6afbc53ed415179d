// Preloaded into a program (LD_PRELOAD), makes one of its writes, syncs, truncations or renames fail: the
// ZONDA_FAULT_AT-th on files below ZONDA_FAULT_DIR. ZONDA_FAULT_KIND says how:
//   eio, enospc   it fails, the next succeed
//   short         half of it is written, and then the disk is full
//   sync          as eio, but syncs only are counted, and what was written since the last good one is gone
//   dead          it and all after it fail
//   power         the machine stops there: what was not synced is gone, and the process ends with code 9
// When it happened, ZONDA_FAULT_MARK exists. While ZONDA_FAULT_FULL exists, the disk seems to have 80 MiB,
// and 8 MiB of these free.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "tests/disk/synced_files.h"

namespace {

constexpr int kPowerIsGone = 9;  // exit code
constexpr int kSyncMs = 20;      // what the program says while its last sync is under way counts

enum class What { Write, Sync, Other };

std::atomic<long> seen{0};
std::atomic<int> full{-1};  // the descriptor of a short write

bool is_kind(const char* kind) {
  const char* wanted = std::getenv("ZONDA_FAULT_KIND");
  return wanted != nullptr && std::strcmp(wanted, kind) == 0;
}

bool loses_unsynced() { return is_kind("sync") || is_kind("power"); }

// Never destroyed: the program may write until its very end.
zonda::SyncedFiles& files() {
  static auto* const all = new zonda::SyncedFiles;
  return *all;
}

bool is_below(const char* path) {
  const char* directory = std::getenv("ZONDA_FAULT_DIR");
  return directory != nullptr && std::strncmp(path, directory, std::strlen(directory)) == 0;
}

bool is_watched(int descriptor) {
  char name[64];
  char path[4096];
  std::snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
  const ssize_t size = readlink(name, path, sizeof path - 1);
  if (size < 0) return false;
  path[size] = 0;
  return is_below(path);
}

// True once, at the right moment; with "dead" from then on.
bool strikes(What what) {
  const char* at = std::getenv("ZONDA_FAULT_AT");
  if (at == nullptr || (is_kind("sync") && what != What::Sync) || (is_kind("short") && what != What::Write))
    return false;
  const long number = ++seen;
  const long wanted = std::atol(at);
  if (is_kind("dead") ? number < wanted : number != wanted) return false;
  if (const char* mark = std::getenv("ZONDA_FAULT_MARK"); mark != nullptr) {
    const long made = syscall(SYS_openat, AT_FDCWD, mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (made >= 0) syscall(SYS_close, made);
  }
  if (loses_unsynced() && what == What::Sync) poll(nullptr, 0, kSyncMs);
  if (is_kind("power")) {
    files().lose_all();
    _exit(kPowerIsGone);
  }
  errno = is_kind("enospc") ? ENOSPC : EIO;
  return true;
}

template <class F>
F next(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

template <class Write>
ssize_t write_or_fail(int descriptor, size_t size, Write write) {
  if (!is_watched(descriptor)) return write(size);
  if (full == descriptor) {
    full = -1;
    errno = ENOSPC;
    return -1;
  }
  if (loses_unsynced()) files().before_change(descriptor);
  if (!strikes(What::Write)) return write(size);
  if (!is_kind("short") || size < 2) return -1;
  full = descriptor;
  return write(size / 2);
}

template <class Sync>
int sync_or_fail(int descriptor, Sync sync) {
  if (!is_watched(descriptor)) return sync();
  if (strikes(What::Sync)) {
    const int error = errno;
    if (loses_unsynced()) files().lose(descriptor);
    errno = error;
    return -1;
  }
  const int result = sync();
  if (result == 0 && loses_unsynced()) files().synced(descriptor);
  return result;
}

template <class Truncate>
int truncate_or_fail(int descriptor, Truncate truncate) {
  if (!is_watched(descriptor)) return truncate();
  if (loses_unsynced()) files().before_change(descriptor);
  return strikes(What::Other) ? -1 : truncate();
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t size) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
  return write_or_fail(descriptor, size, [&](size_t n) { return real(descriptor, bytes, n); });
}
ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t at) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return write_or_fail(descriptor, size, [&](size_t n) { return real(descriptor, bytes, n, at); });
}
ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t at) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return write_or_fail(descriptor, size, [&](size_t n) { return real(descriptor, bytes, n, at); });
}
int fsync(int descriptor) {
  static const auto real = next<int (*)(int)>("fsync");
  return sync_or_fail(descriptor, [&] { return real(descriptor); });
}
int fdatasync(int descriptor) {
  static const auto real = next<int (*)(int)>("fdatasync");
  return sync_or_fail(descriptor, [&] { return real(descriptor); });
}
int ftruncate(int descriptor, off_t size) noexcept {
  static const auto real = next<int (*)(int, off_t)>("ftruncate");
  return truncate_or_fail(descriptor, [&] { return real(descriptor, size); });
}
int ftruncate64(int descriptor, off64_t size) noexcept {
  static const auto real = next<int (*)(int, off64_t)>("ftruncate64");
  return truncate_or_fail(descriptor, [&] { return real(descriptor, size); });
}
int statvfs(const char* path, struct statvfs* status) noexcept {
  static const auto real = next<int (*)(const char*, struct statvfs*)>("statvfs");
  const int result = real(path, status);
  const char* full = std::getenv("ZONDA_FAULT_FULL");
  if (full == nullptr || !is_below(path) || access(full, F_OK) != 0) return result;
  status->f_blocks = (80 << 20) / status->f_frsize;
  status->f_bavail = (8 << 20) / status->f_frsize;
  return result;
}
int rename(const char* from, const char* to) noexcept {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  if (!is_below(from)) return real(from, to);
  if (strikes(What::Other)) return -1;
  const int result = real(from, to);
  if (result == 0 && loses_unsynced()) files().renamed(from, to);
  return result;
}
}
