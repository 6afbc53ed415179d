// Values to bytes and back, strictly. Which types: see the codec_*.h files, one kind of type each.
#pragma once

#include <zonda/detail/codec_associative.h>
#include <zonda/detail/codec_fields.h>
#include <zonda/detail/codec_list.h>
#include <zonda/detail/codec_msgpack.h>
#include <zonda/detail/codec_optional.h>
#include <zonda/detail/codec_scalar.h>
#include <zonda/detail/codec_text.h>
#include <zonda/detail/codec_time.h>
#include <zonda/detail/codec_tuple.h>

#include <string_view>
#include <type_traits>

namespace zonda::detail {

// Appends the value. Throws Error if it is too large for msgpack or nested too deeply.
template <class T>
void encode(Output& out, const T& value) {
  Codec<T>::encode(out, value, 0);
}

// Reads one value and leaves the reader behind it. Throws DecodeError if the bytes are not exactly a T.
template <class T>
T decode(Reader& reader) {
  return Codec<T>::decode(reader, 0);
}

// The same for bytes that hold one value and nothing else.
template <class T>
T decode_whole(std::string_view bytes) {
  Reader reader(bytes);
  if constexpr (std::is_void_v<T>) {
    reader.nil();
    reader.expect_end();
  } else {
    T value = Codec<T>::decode(reader, 0);
    reader.expect_end();
    return value;
  }
}

}  // namespace zonda::detail
