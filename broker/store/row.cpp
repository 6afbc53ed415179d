#include "broker/store/row.h"

#include <zonda/detail/reader.h>

#include <algorithm>

#include "broker/store/crc32c.h"

namespace zonda {
namespace {

constexpr std::size_t kHeadBytes = 1 + 1 + 4 + 8;
constexpr std::size_t kTailBytes = 4;

std::uint32_t compute_crc(std::string_view before_tail, std::uint64_t row) {
  std::string number;
  append_integer(number, row);
  return crc32c(before_tail, crc32c(number));
}

__extension__ using Wide = unsigned __int128;

// Both halves depend on every bit of both (the finaliser of SplitMix64, Vigna, public domain).
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

Wide hash_of(std::uint64_t row, std::uint32_t crc) {
  const std::uint64_t low = mix(mix(row + 0x9e3779b97f4a7c15) ^ crc);
  const std::uint64_t high = mix(low ^ (row << 32) ^ crc);
  return (static_cast<Wide>(high) << 64) | low;
}

}  // namespace

void begin_meta(std::string& out, RowKind kind, std::uint32_t payload_crc, std::uint64_t payload_bytes) {
  out.clear();
  append_integer(out, kRowVersion);
  append_integer(out, static_cast<std::uint8_t>(kind));
  append_integer(out, payload_crc);
  append_integer(out, payload_bytes);
}

std::uint32_t end_meta(std::string& out, std::uint64_t row) {
  const std::uint32_t crc = compute_crc(out, row);
  append_integer(out, crc);
  return crc;
}

std::uint32_t crc_of_meta(std::string_view meta) {
  return meta.size() < kTailBytes ? 0 : integer_at<std::uint32_t>(meta, meta.size() - kTailBytes);
}

bool is_whole(std::string_view meta, std::uint64_t row) {
  return meta.size() >= kHeadBytes + kTailBytes &&
         compute_crc(meta.substr(0, meta.size() - kTailBytes), row) == crc_of_meta(meta);
}

RowMeta parse_meta(std::string_view meta) {
  if (meta.size() < kHeadBytes + kTailBytes) throw detail::DecodeError("the row ends too early");
  if (integer_at<std::uint8_t>(meta, 0) != kRowVersion)
    throw detail::DecodeError("the row is of another version");
  RowMeta row;
  row.kind = static_cast<RowKind>(integer_at<std::uint8_t>(meta, 1));
  if (row.kind < RowKind::Opened || row.kind > kRowKindLast)
    throw detail::DecodeError("the row is of an unknown kind");
  row.payload_crc = integer_at<std::uint32_t>(meta, 2);
  row.payload_bytes = integer_at<std::uint64_t>(meta, 6);
  row.body = meta.substr(kHeadBytes, meta.size() - kHeadBytes - kTailBytes);
  return row;
}

std::uint32_t pieces_of(std::uint64_t payload_bytes) {
  return payload_bytes == 0 ? 0 : static_cast<std::uint32_t>((payload_bytes - 1) / kPieceBytesMax);
}

void RowSum::add(std::uint64_t row, std::uint32_t crc) {
  const Wide sum = ((static_cast<Wide>(high) << 64) | low) + hash_of(row, crc);
  low = static_cast<std::uint64_t>(sum);
  high = static_cast<std::uint64_t>(sum >> 64);
}

void RowSum::remove(std::uint64_t row, std::uint32_t crc) {
  const Wide sum = ((static_cast<Wide>(high) << 64) | low) - hash_of(row, crc);
  low = static_cast<std::uint64_t>(sum);
  high = static_cast<std::uint64_t>(sum >> 64);
}

}  // namespace zonda
