// A new directory that is gone, with all that is in it, when its object is.
#pragma once

#include <string>

namespace zonda::cli {

class TemporaryDirectory {
 public:
  TemporaryDirectory() = default;  // none
  // In `parent`, as NAME-PID-…. There is none if it cannot be made: see path().
  TemporaryDirectory(const std::string& parent, const std::string& name);
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&& other) noexcept;
  ~TemporaryDirectory() { remove(); }

  const std::string& path() const { return path_; }  // empty: none
  void remove();

 private:
  std::string path_;
};

}  // namespace zonda::cli
