// SQLite's write-ahead log, read without SQLite, which stops at the first damaged frame. Each frame is a page
// and has a checksum that goes on from the one before it, as it is stored there: so frames behind a damaged
// one can be checked as well.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace zonda {

class LogFrames {
 public:
  explicit LogFrames(const std::string& path);  // no file, or none that is a log: no frames

  // Where in the file the last version of each page is: of all commits before the first damaged frame, or of
  // all up to the last one that is whole. The damaged frames are then used as they are: the rows in them tell
  // whether they are what was written.
  std::unordered_map<std::uint32_t, std::uint64_t> pages(bool past_damage) const;
  // Is there a whole commit behind a damaged frame?
  bool goes_on() const { return end_ > sound_end_; }

 private:
  struct Frame {
    std::uint32_t page;
    std::uint64_t at;  // of its bytes in the file
  };
  std::vector<Frame> frames_;
  std::size_t sound_end_ = 0;  // behind the last commit before the damage
  std::size_t end_ = 0;        // behind the last commit whose own frame is whole
};

}  // namespace zonda
