#include "broker/store/table_page.h"

namespace zonda {
namespace {

constexpr std::size_t kLeafHeadBytes = 8;
constexpr std::size_t kInnerHeadBytes = 12;
constexpr std::uint64_t kRecordBytesMax = 128 << 20;  // a piece of a payload, and as much about it

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<std::uint8_t>(bytes[at]) : 0;
}

std::uint32_t short_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

// Moves `at` behind it.
std::uint64_t variable_integer(std::string_view bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (int count = 0; count < 8; ++count) {
    const std::uint8_t byte = byte_at(bytes, at++);
    value = value << 7 | (byte & 0x7f);
    if ((byte & 0x80) == 0) return value;
  }
  return value << 8 | byte_at(bytes, at++);
}

// How much of a record is in the page of its cell.
std::uint64_t bytes_here(std::uint64_t bytes) {
  constexpr std::uint64_t kMost = kPageBytes - 35;
  constexpr std::uint64_t kLeast = (kPageBytes - 12) * 32 / 255 - 23;
  if (bytes <= kMost) return bytes;
  const std::uint64_t here = kLeast + (bytes - kLeast) % (kPageBytes - 4);
  return here <= kMost ? here : kLeast;
}

}  // namespace

std::uint32_t big_integer(std::string_view bytes, std::size_t at) {
  return short_at(bytes, at) << 16 | short_at(bytes, at + 2);
}

PageKind kind_of_page(std::string_view page) {
  switch (byte_at(page, 0)) {
    case 0x0d: return PageKind::Rows;
    case 0x05: return PageKind::Inner;
    default: return PageKind::Other;
  }
}

std::vector<TableCell> cells_of(std::string_view page, std::uint32_t number) {
  std::vector<TableCell> cells;
  const std::size_t end = kLeafHeadBytes + 2 * std::size_t{short_at(page, 3)};
  for (std::size_t pointer = kLeafHeadBytes; pointer < end && pointer < page.size(); pointer += 2) {
    TableCell cell;
    std::size_t at = short_at(page, pointer);
    if (at < kLeafHeadBytes) continue;
    cell.page = number;
    cell.bytes = variable_integer(page, at);
    cell.row = variable_integer(page, at);
    if (cell.bytes > kRecordBytesMax) continue;
    const std::uint64_t here = bytes_here(cell.bytes);
    const bool has_more = here < cell.bytes;
    if (at + here + (has_more ? 4 : 0) > page.size()) continue;
    cell.at = static_cast<std::uint32_t>(at);
    cell.here = static_cast<std::uint32_t>(here);
    if (has_more) cell.beyond = big_integer(page, at + here);
    cells.push_back(cell);
  }
  return cells;
}

std::vector<std::uint32_t> children_of(std::string_view page) {
  std::vector<std::uint32_t> children{big_integer(page, 8)};
  const std::size_t end = kInnerHeadBytes + 2 * std::size_t{short_at(page, 3)};
  for (std::size_t pointer = kInnerHeadBytes; pointer < end && pointer < page.size(); pointer += 2)
    children.push_back(big_integer(page, short_at(page, pointer)));
  return children;
}

RecordShape shape_of(std::string_view record) {
  RecordShape shape;
  std::size_t at = 0;
  shape.begin = variable_integer(record, at);
  if (shape.begin > record.size() || variable_integer(record, at) != 0) return {};
  while (at < shape.begin) {
    const std::uint64_t type = variable_integer(record, at);
    if (type < 12 || type % 2 != 0) return {};
    shape.blobs.push_back((type - 12) / 2);
  }
  return at == shape.begin ? shape : RecordShape{};
}

}  // namespace zonda
