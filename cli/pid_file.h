// Who runs `zonda up` for an address: a locked file with its process id. The lock goes with the process, so
// the file never lies.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace zonda::cli {

class PidFile {
 public:
  // Takes the file of this address for this process; throws Complaint (refused) if somebody else has it.
  explicit PidFile(const std::string& address);
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  void write_pid();  // again after a fork, in the child that stays
  void leave_to_child() { owner_ = 0; }

  static std::optional<pid_t> holder(const std::string& address);
  static std::string path_for(const std::string& address, const char* suffix);

 private:
  std::string path_;
  int fd_;
  pid_t owner_ = 0;
};

}  // namespace zonda::cli
