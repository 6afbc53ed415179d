// A value or nil: std::optional and the owning pointers.
#pragma once

#include <zonda/detail/codec_base.h>
#include <zonda/detail/codec_scalar.h>

#include <memory>
#include <optional>
#include <utility>

namespace zonda::detail {

template <class T>
inline constexpr bool kCanBeNil = Nil<T>;
template <class T>
inline constexpr bool kCanBeNil<std::optional<T>> = true;
template <class T>
inline constexpr bool kCanBeNil<std::unique_ptr<T>> = true;
template <class T>
inline constexpr bool kCanBeNil<std::shared_ptr<T>> = true;

template <class Optional, class T>
struct OptionalCodec {
  static_assert(
      !kCanBeNil<T>,
      "zonda: an optional of something that can be empty itself cannot be sent, since both are nil");

  static void encode(Output& out, const Optional& value, int depth) {
    if (value) return Codec<T>::encode(out, *value, depth);
    Packer packer(out);
    packer.pack_nil();
  }
  static Optional decode(Reader& reader, int depth) {
    if (reader.next_is_nil()) {
      reader.nil();
      return Optional{};
    }
    return filled(Codec<T>::decode(reader, depth));
  }
  static void describe(SignatureWriter& writer) {
    Codec<T>::describe(writer);
    writer << "?";
  }

 private:
  static Optional filled(T&& value) {
    if constexpr (requires { typename Optional::element_type; })
      return Optional(new T(std::move(value)));
    else
      return Optional(std::move(value));
  }
};

template <class T>
struct Codec<std::optional<T>> : OptionalCodec<std::optional<T>, T> {};
template <class T>
struct Codec<std::unique_ptr<T>> : OptionalCodec<std::unique_ptr<T>, T> {};
template <class T>
struct Codec<std::shared_ptr<T>> : OptionalCodec<std::shared_ptr<T>, T> {};

}  // namespace zonda::detail
