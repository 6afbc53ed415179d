#include "broker/store/log_frames.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "broker/store/table_page.h"

namespace zonda {
namespace {

constexpr std::size_t kLogHeadBytes = 32;
constexpr std::size_t kFrameHeadBytes = 24;
constexpr std::size_t kFrameBytes = kFrameHeadBytes + kPageBytes;

struct Checksum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  friend bool operator==(const Checksum&, const Checksum&) = default;

  // SQLite's, over words of this machine's order or the other, as the log says.
  void add(std::string_view bytes, bool big_endian) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first += word(bytes, at, big_endian) + second;
      second += word(bytes, at + 4, big_endian) + first;
    }
  }

 private:
  static std::uint32_t word(std::string_view bytes, std::size_t at, bool big_endian) {
    return big_endian ? big_integer(bytes, at) : __builtin_bswap32(big_integer(bytes, at));
  }
};

Checksum checksum_at(std::string_view bytes, std::size_t at) {
  return {big_integer(bytes, at), big_integer(bytes, at + 4)};
}

}  // namespace

LogFrames::LogFrames(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  std::array<char, kFrameBytes> buffer;
  const auto read = [&](std::uint64_t at, std::size_t size) -> std::string_view {
    const ssize_t got = pread(file, buffer.data(), size, static_cast<off_t>(at));
    return got == static_cast<ssize_t>(size) ? std::string_view(buffer.data(), size) : std::string_view();
  };
  const std::string head(read(0, kLogHeadBytes));
  bool big_endian = (big_integer(head, 0) & 1) != 0;
  Checksum before;
  before.add(std::string_view(head).substr(0, kLogHeadBytes - 8), big_endian);
  bool sound = !head.empty() && before == checksum_at(head, kLogHeadBytes - 8);
  if (!sound) big_endian = false;
  // The salt tells the frames of this log from what an earlier one left behind them. The frames have it too,
  // in case that the head is damaged.
  std::string salt = sound ? head.substr(16, 8) : std::string();
  for (std::uint64_t at = kLogHeadBytes;; at += kFrameBytes) {
    const std::string_view frame = read(at, kFrameBytes);
    if (frame.empty()) break;
    if (salt.empty()) salt = frame.substr(8, 8);
    Checksum computed = before;
    computed.add(frame.substr(0, 8), big_endian);
    computed.add(frame.substr(kFrameHeadBytes), big_endian);
    before = checksum_at(frame, 16);
    const bool ours = frame.substr(8, 8) == salt;
    const bool whole = ours && computed == before;
    sound = sound && whole;
    if (!ours) continue;
    frames_.push_back({big_integer(frame, 0), at + kFrameHeadBytes});
    if (!whole || big_integer(frame, 4) == 0) continue;  // the last of a commit has the size of the database
    end_ = frames_.size();
    if (sound) sound_end_ = end_;
  }
  close(file);
}

std::unordered_map<std::uint32_t, std::uint64_t> LogFrames::pages(bool past_damage) const {
  std::unordered_map<std::uint32_t, std::uint64_t> last;
  for (std::size_t at = 0; at < (past_damage ? end_ : sound_end_); ++at)
    last[frames_[at].page] = frames_[at].at;
  return last;
}

}  // namespace zonda
