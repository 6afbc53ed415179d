// A fresh directory for one command, removed with everything in it.
#pragma once

#include <string>

namespace zonda {

class ScratchDirectory {
 public:
  ScratchDirectory();  // below $TMPDIR, else /var/tmp; throws std::system_error
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Removes what a process that was killed could not; call it before `pid` is reaped, its number is its own
// until then.
void remove_scratch_of(int pid);

}  // namespace zonda
