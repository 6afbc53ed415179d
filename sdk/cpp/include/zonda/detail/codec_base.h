// What all codecs share. A codec says the three facts about a type: how it is encoded, decoded and described.
//
//   static void encode(Output& out, const T& value, int depth);
//   static T decode(Reader& reader, int depth);            // throws DecodeError
//   static void describe(SignatureWriter& writer);
//
// `depth` counts the types with ZONDA_FIELDS around the value: only these can contain themselves, so nothing
// else can make the stack grow beyond what the C++ type says.
#pragma once

#include <zonda/detail/handler.h>
#include <zonda/detail/reader.h>
#include <zonda/detail/signature_writer.h>
#include <zonda/error.h>

#include <msgpack.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace zonda::detail {

inline constexpr int kDepthMax = 64;

using Packer = msgpack::packer<Output>;

template <class T>
struct Codec;

// msgpack counts with 32 bits.
inline std::uint32_t size32(std::size_t size) {
  if (size > std::numeric_limits<std::uint32_t>::max())
    throw Error("a value with more than 4294967295 elements cannot be sent");
  return static_cast<std::uint32_t>(size);
}

inline void expect_count(std::uint32_t got, std::size_t expected) {
  if (got == expected) return;
  throw DecodeError("expected " + std::to_string(expected) + " elements, got " + std::to_string(got));
}

// How many elements to reserve for a count that was read: a hostile count must not allocate much more than
// the input is long, whatever the size of T.
template <class T>
std::size_t reservable(std::uint32_t count, const Reader& reader) {
  constexpr std::size_t kMemoryPerInputByte = 16;
  return std::min<std::size_t>(count, kMemoryPerInputByte * reader.bytes_left() / sizeof(T) + 1);
}

}  // namespace zonda::detail
