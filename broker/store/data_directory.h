// The directory of a store, which belongs to one process.
#pragma once

#include <chrono>
#include <string>

namespace zonda {

// So long another process that has a directory, and may just be ending, is waited for.
inline constexpr std::chrono::milliseconds kLockPatience{2'000};

// Locked as long as this lives. Everything that does not fit is a StoreError that says what to do.
class DataDirectory {
 public:
  // With `init` a store may be made in a directory that is there already. One that is not there is made in
  // any case; one that is there and has no store is refused otherwise: it is more likely the wrong one, or
  // not mounted, than new.
  static DataDirectory open(const std::string& path, bool init,
                            std::chrono::milliseconds patience = kLockPatience);
  // One that has a store, and is not to be changed.
  static DataDirectory open_existing(const std::string& path);
  // One that has a file of a store, whatever is missing.
  static DataDirectory open_damaged(const std::string& path);

  ~DataDirectory();
  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&&) = delete;

  const std::string& path() const { return path_; }
  bool created() const { return created_; }      // the directory was not there
  bool has_store() const { return has_store_; }  // false: it is to be made

  std::string database() const { return path_ + "/store.sqlite"; }
  std::string head() const { return path_ + "/head"; }
  // Files are made under these names, and then get their own, the database first.
  std::string new_database() const { return database() + ".new"; }
  std::string new_head() const { return head() + ".new"; }

  // Throws StoreError that names what is missing. Mends what a crash while the store was made can leave.
  void look();

  // Moves new files to their names, durably.
  void install() const;
  void sync() const;

 private:
  DataDirectory(std::string path, bool created) : path_(std::move(path)), created_(created) {}
  void lock(std::chrono::milliseconds patience = kLockPatience);

  std::string path_;
  bool created_ = false;
  bool has_store_ = false;
  int lock_ = -1;
};

// "NFS", if files of this type (statfs) are on other machines; null: they are here.
const char* network_file_system(long type);

}  // namespace zonda
