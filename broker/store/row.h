// One row of a store: what it is, the fields of its records, and the checksums that tell whether it is whole.
// A row is a batch or an event, never a task.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "broker/core/records.h"

namespace zonda {

inline constexpr std::uint8_t kRowVersion = 1;
inline constexpr std::uint64_t kPieceBytesMax = 64 << 20;  // of a payload in one row; SQLite takes 10^9

// The numbers are on disk: they are never reused.
enum class RowKind : std::uint8_t {
  Opened = 1,
  Appended = 2,
  Closed = 3,
  HandedOut = 4,
  Attempts = 5,  // Attempted and Fenced of one job and one commit
  Finished = 6,
  Released = 7,
  Summarised = 8,
  Joined = 9,
  Stopped = 10,
  Piece = 11,  // more of the payload of a row before it; its body is empty
};
inline constexpr auto kRowKindLast = RowKind::Piece;

// The meta column: all of a row but its payload. The CRC at its end is of the row's number and of all before
// it, and the payload's own CRC is in it, so rows can be checked without reading what they do not load.
struct RowMeta {
  RowKind kind{};
  std::uint32_t payload_crc = 0;    // of what this row holds
  std::uint64_t payload_bytes = 0;  // with all pieces
  std::string_view body;
};

// Appends the bytes around `body`, which is written between the two calls.
void begin_meta(std::string& out, RowKind kind, std::uint32_t payload_crc, std::uint64_t payload_bytes);
std::uint32_t end_meta(std::string& out, std::uint64_t row);  // the CRC

std::uint32_t crc_of_meta(std::string_view meta);  // that it ends with
bool is_whole(std::string_view meta, std::uint64_t row);
// Throws DecodeError if it cannot be one, whatever is_whole() says.
RowMeta parse_meta(std::string_view meta);

// Where the row of a batch or an event is.
struct RowRef {
  std::uint64_t row = 0;  // 0: there is none
  std::uint32_t crc = 0;  // of its meta column
  std::uint32_t pieces = 0;
  explicit operator bool() const { return row != 0; }
};

std::uint32_t pieces_of(std::uint64_t payload_bytes);  // rows after the first

// A sum over rows that does not depend on their order: rows come and go, and it follows.
struct RowSum {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  void add(std::uint64_t row, std::uint32_t crc);
  void remove(std::uint64_t row, std::uint32_t crc);
  friend bool operator==(const RowSum&, const RowSum&) = default;
};

// Little-endian integers, as everything on disk has them.
template <class T>
void append_integer(std::string& out, T value) {
  for (std::size_t at = 0; at < sizeof(T); ++at)
    out += static_cast<char>(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * at)));
}
template <class T>
T integer_at(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t byte = 0; byte < sizeof(T); ++byte)
    value |= std::uint64_t{static_cast<std::uint8_t>(bytes.at(at + byte))} << (8 * byte);
  return static_cast<T>(value);
}

}  // namespace zonda
