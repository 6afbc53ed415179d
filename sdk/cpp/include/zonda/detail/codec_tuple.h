// Pairs and tuples: msgpack arrays of exactly their length.
#pragma once

#include <zonda/detail/codec_base.h>

#include <tuple>
#include <utility>

namespace zonda::detail {

template <class Tuple, class... T>
struct TupleCodec {
  static void encode(Output& out, const Tuple& value, [[maybe_unused]] int depth) {
    Packer packer(out);
    packer.pack_array(sizeof...(T));
    std::apply([&](const T&... element) { (Codec<T>::encode(out, element, depth), ...); }, value);
  }
  static Tuple decode(Reader& reader, [[maybe_unused]] int depth) {
    expect_count(reader.array(), sizeof...(T));
    return Tuple{next<T>(reader, depth)...};  // braces: from left to right
  }
  static void describe(SignatureWriter& writer) {
    writer << "(";
    [[maybe_unused]] const char* before = "";
    ((writer << std::exchange(before, ", "), Codec<T>::describe(writer)), ...);
    writer << ")";
  }

 private:
  template <class Element>
  static Element next(Reader& reader, [[maybe_unused]] int depth) {
    return Codec<Element>::decode(reader, depth);
  }
};

template <class A, class B>
struct Codec<std::pair<A, B>> : TupleCodec<std::pair<A, B>, A, B> {};

template <class... T>
struct Codec<std::tuple<T...>> : TupleCodec<std::tuple<T...>, T...> {};

}  // namespace zonda::detail
