#include "broker/store/data_directory.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <thread>
#include <utility>

#include "broker/store/store_error.h"
#include "proto/host_name.h"

namespace zonda {
namespace {

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of_user(uid_t user) {
  const passwd* entry = getpwuid(user);
  return entry != nullptr ? entry->pw_name : std::to_string(user);
}

// Of the nearest directory that may be looked at: it is the one in the way.
std::string owner_advice(std::string path) {
  struct stat status {};
  while (stat(path.c_str(), &status) != 0 && path != "/" && path != ".") path = parent_of(path);
  if (status.st_uid == geteuid()) return path + " has permissions that forbid it: chmod u+rwx";
  return path + " belongs to user " + name_of_user(status.st_uid) + ", this is user " +
         name_of_user(geteuid()) + ": run as that one, or choose another directory";
}

std::string advice_for(int error, const std::string& path) {
  switch (error) {
    case EACCES:
    case EPERM: return owner_advice(path);
    case ENOENT:
      if (struct stat link{}; lstat(path.c_str(), &link) == 0)
        return "it is a link to something that is not there: is that mounted?";
      return "create " + parent_of(path) + " first";
    case ENOTDIR: return parent_of(path) + " is a file: choose another directory";
    default: return {};
  }
}

[[noreturn]] void fail(const std::string& doing, const std::string& path) {
  const int error = errno;
  throw StoreError("cannot " + doing + " " + path + ": " + std::strerror(error), advice_for(error, path));
}

bool exists(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) return true;
  if (errno != ENOENT) fail("look at", path);
  return false;
}

void sync_directory(const std::string& path) {
  const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) fail("open", path);
  const bool synced = fsync(directory) == 0;
  const int error = errno;
  close(directory);
  errno = error;
  if (!synced) fail("sync", path);
}

void require_directory(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) fail("look at", path);
  if (!S_ISDIR(status.st_mode))
    throw StoreError(path + " is not a directory", "choose a directory, or a name for a new one");
}

// A start that came no further than making the directory, because its port was taken, leaves its lock there.
bool is_new(const std::string& path) {
  std::error_code unreadable;
  const std::filesystem::directory_iterator files(path, unreadable), end;
  return std::distance(files, end) == 1 && exists(path + "/lock");
}

void require_local(const std::string& path) {
  struct statfs status {};
  if (statfs(path.c_str(), &status) != 0) fail("look at", path);
  if (const char* name = network_file_system(status.f_type); name != nullptr)
    throw StoreRefused(path + " is on " + name + ": a store needs a disk of this machine, since locks and " +
                       "syncs over a network cannot be relied on");
}

// A process that was killed has its lock until the system is done with it, which takes some milliseconds.
bool lock_within(int file, std::chrono::milliseconds patience) {
  using Clock = std::chrono::steady_clock;
  constexpr auto kPause = std::chrono::milliseconds(10);
  const Clock::time_point end = Clock::now() + patience;
  while (flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    if (Clock::now() >= end) {
      errno = EWOULDBLOCK;
      return false;
    }
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

const char* network_file_system(long type) {
  switch (static_cast<std::uint32_t>(type)) {
    case 0x6969: return "NFS";
    case 0x517b: return "SMB";
    case 0xfe534d42: return "SMB";
    case 0xff534d42: return "CIFS";
    case 0x5346414f: return "AFS";
    case 0x73757245: return "Coda";
    case 0x564c: return "NCP";
    case 0x01021997: return "9P";
    default: return nullptr;
  }
}

DataDirectory DataDirectory::open(const std::string& given, bool init, std::chrono::milliseconds patience) {
  const std::string path = without_slash(given);
  const bool created = mkdir(path.c_str(), 0700) == 0;
  if (!created && errno != EEXIST) fail("create", path);
  if (created) sync_directory(parent_of(path));
  require_directory(path);
  DataDirectory directory(path, created);
  require_local(path);
  if (!created && !init && !is_new(path) && !exists(directory.database()) && !exists(directory.head()))
    throw StoreRefused(path + " is there, but has no store: is it the right one, and mounted? " +
                       "--init makes a store in it");
  directory.lock(patience);
  directory.look();
  return directory;
}

DataDirectory DataDirectory::open_existing(const std::string& given) {
  DataDirectory directory = open_damaged(given);
  directory.look();
  return directory;
}

DataDirectory DataDirectory::open_damaged(const std::string& given) {
  DataDirectory directory(without_slash(given), false);
  if (!exists(directory.path())) throw StoreNotFound(directory.path() + " is not there");
  require_directory(directory.path());
  const auto names = {directory.database(), directory.database() + "-wal", directory.head()};
  if (std::none_of(names.begin(), names.end(), exists))
    throw StoreNotFound(directory.path() + " has no store");
  directory.lock();
  return directory;
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      created_(other.created_),
      has_store_(other.has_store_),
      lock_(std::exchange(other.lock_, -1)) {}

// The lock's file stays: removing it would let two processes lock two files of the same name.
DataDirectory::~DataDirectory() {
  if (lock_ >= 0) close(lock_);
}

void DataDirectory::lock(std::chrono::milliseconds patience) {
  const std::string path = path_ + "/lock";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock_ < 0) fail("open", path);
  if (!lock_within(lock_, patience)) {
    if (errno != EWOULDBLOCK) fail("lock", path);
    char text[300] = {};
    const ssize_t size = pread(lock_, text, sizeof text - 1, 0);
    const std::string holder(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    const std::size_t space = holder.find(' ');
    throw StoreRefused(path_ + " is in use" +
                       (space == std::string::npos
                            ? ""
                            : " by process " + holder.substr(0, space) + " on " +
                                  holder.substr(space + 1, holder.find('\n') - space - 1)));
  }
  const std::string text = std::to_string(getpid()) + " " + host_name() + "\n";
  if (ftruncate(lock_, 0) != 0 ||
      pwrite(lock_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    fail("write", path);
}

// A crash while the store was made can leave the head under its first name only.
void DataDirectory::look() {
  const bool has_database = exists(database());
  bool has_head = exists(head());
  if (has_database && !has_head && exists(new_head())) {
    if (rename(new_head().c_str(), head().c_str()) != 0) fail("rename", new_head());
    sync();
    has_head = true;
  }
  const std::string advice = "put it back, restore a backup, or see what 'zonda broker salvage' can read";
  if (!has_database && !has_head && exists(database() + "-wal"))
    throw StoreError(
        database() + " is missing, though its log is there: a part of the store was lost or moved", advice);
  if (has_database != has_head)
    throw StoreError((has_head ? database() : head()) + " is missing, though " +
                         (has_head ? head() : database()) +
                         " is there: a part of the store was lost or moved",
                     advice);
  has_store_ = has_database;
}

void DataDirectory::install() const {
  if (rename(new_database().c_str(), database().c_str()) != 0) fail("rename", new_database());
  sync();
  if (rename(new_head().c_str(), head().c_str()) != 0) fail("rename", new_head());
  sync();
  sync_directory(parent_of(path_));
}

void DataDirectory::sync() const { sync_directory(path_); }

}  // namespace zonda
