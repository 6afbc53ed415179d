// A column: many values back to back, and their lengths. The hot path moves columns, never single values.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "proto/slab.h"

namespace zonda {

// `lengths` is little-endian u32, one per value; their sum is payloads.size(). Views into somebody's slab.
struct Column {
  std::string_view lengths;
  std::string_view payloads;

  std::uint32_t count() const { return static_cast<std::uint32_t>(lengths.size() / 4); }
  std::uint32_t length(std::uint32_t at) const {
    std::uint32_t value = 0;
    std::memcpy(&value, lengths.data() + 4 * std::size_t{at}, 4);
    return value;
  }
  // True if the lengths are whole and add up: what a decoder checks before anyone reads a value.
  bool consistent() const;
  // The values [first, first + count). Walks the lengths before `first`.
  Column slice(std::uint32_t first, std::uint32_t count) const;

  friend bool operator==(const Column&, const Column&) = default;
};

// Moves the column into memory of its own, back to back.
Slab copy_of(Column& column);

// Visits each value in order: f(position, bytes).
template <class F>
void for_each_value(const Column& column, F&& f) {
  std::size_t offset = 0;
  for (std::uint32_t at = 0, n = column.count(); at < n; ++at) {
    const std::uint32_t length = column.length(at);
    f(at, column.payloads.substr(offset, length));
    offset += length;
  }
}

}  // namespace zonda
