// Makes a directory of sockets belong to one broker.
#pragma once

#include <string>

namespace zonda {

// Creates the directory (0700) if it is missing and locks it, until destroyed. libzmq's ipc bind would
// quietly take the path from a broker that runs there. Throws std::runtime_error if another process holds it,
// or if the directory belongs to someone else or is open to others.
class IpcLock {
 public:
  explicit IpcLock(const std::string& directory);
  ~IpcLock();
  IpcLock(IpcLock&& other) noexcept;
  IpcLock& operator=(IpcLock&&) = delete;

  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
  int descriptor_ = -1;
};

}  // namespace zonda
