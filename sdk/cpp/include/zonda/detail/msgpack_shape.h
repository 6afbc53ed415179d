// Tells whether a value read by msgpack-cxx is all that was sent.
#pragma once

#include <zonda/detail/reader.h>

#include <cstdint>
#include <string_view>

namespace zonda::detail {

inline bool next_is_array(const Reader& reader) {
  const auto tag = static_cast<std::uint8_t>(*reader.position());
  return (tag & 0xf0) == 0x90 || tag == 0xdc || tag == 0xdd;
}

inline bool next_is_map(const Reader& reader) {
  const auto tag = static_cast<std::uint8_t>(*reader.position());
  return (tag & 0xf0) == 0x80 || tag == 0xde || tag == 0xdf;
}

// MSGPACK_DEFINE fills what a short array or a map lacks with defaults and drops what is too much. Packed
// again, the value then has other counts than the bytes it came from; that is an error here. What is inside a
// map is not compared, since maps have no order. Both are well-formed values.
inline void expect_same_counts(std::string_view sent, std::string_view packed_again) {
  Reader given(sent);
  Reader again(packed_again);
  for (std::uint64_t open = 1; open > 0; --open) {
    if (next_is_array(given) && next_is_array(again)) {
      const std::uint32_t count = given.array();
      if (again.array() != count) throw DecodeError("an array with too few or too many elements");
      open += count;
      continue;
    }
    if (next_is_map(given) && next_is_map(again) && Reader(given).map() != Reader(again).map()) {
      throw DecodeError("a map with missing, unknown or duplicate keys");
    }
    given.skip();
    again.skip();
  }
}

}  // namespace zonda::detail
