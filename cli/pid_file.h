// Who runs something that there is only one of: a locked file with its process id. The lock goes with the
// process, so the file never lies.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace zonda::cli {

class PidFile {
 public:
  // Takes the file for this process; throws Complaint (refused) with this text and hint if somebody else has
  // it.
  PidFile(std::string path, const std::string& if_held, const std::string& hint);
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  void write_pid();  // again after a fork, in the child that stays
  void leave_to_child() { owner_ = 0; }

  static std::optional<pid_t> holder(const std::string& path);

 private:
  std::string path_;
  int fd_;
  pid_t owner_ = 0;
};

}  // namespace zonda::cli
