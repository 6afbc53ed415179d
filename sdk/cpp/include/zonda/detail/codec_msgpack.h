// Everything else that msgpack-cxx packs by itself: MSGPACK_DEFINE, adaptors. Slower than the other codecs,
// and a little less strict: a float without a fraction passes for an integer.
#pragma once

#include <zonda/detail/codec_base.h>
#include <zonda/detail/msgpack_shape.h>

#include <complex>
#include <concepts>
#include <ctime>
#include <exception>
#include <forward_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace zonda::detail {

// Packed by adaptors that come with msgpack-cxx, and not by a codec of ours.
template <class T>
inline constexpr bool kPackedByMsgpackItself =
    std::same_as<T, std::timespec> || std::same_as<T, std::wstring> || std::same_as<T, msgpack::type::ext>;
template <class T>
inline constexpr bool kPackedByMsgpackItself<std::complex<T>> = true;
template <class T, class Allocator>
inline constexpr bool kPackedByMsgpackItself<std::forward_list<T, Allocator>> = true;

template <class T>
concept HasMsgpackMembers = requires(const T& value, Packer& packer) {
  value.msgpack_pack(packer);
};

// The generic adaptor, which only forwards to members, inherits version 1 of itself. A specialisation does
// not.
template <class T>
concept HasMsgpackAdaptor =
    std::is_class_v<T> && !std::is_base_of_v<msgpack::v1::adaptor::pack<T>, msgpack::adaptor::pack<T>>;

template <class T>
concept PackedByMsgpack = kPackedByMsgpackItself<T> || HasMsgpackMembers<T> || HasMsgpackAdaptor<T>;

template <class T>
struct Codec {
  static_assert(
      PackedByMsgpack<T>,
      "zonda: values of this type cannot be sent. Give a type of your own ZONDA_FIELDS(Type, fields...) or "
      "MSGPACK_DEFINE(fields...); instead of views, pointers and C arrays use std::string, zonda::Bytes, "
      "std::vector or std::array");

  static void encode(Output& out, const T& value, int) {
    Packer packer(out);
    packer.pack(value);
  }

  static T decode(Reader& reader, int) {
    const std::string_view bytes = reader.skip();  // has checked every count against the bytes there are
    const std::size_t most = bytes.size();
    const msgpack::unpack_limit limit(most, most, most, most, most, kDepthMax);
    try {
      const msgpack::object_handle handle =
          msgpack::unpack(bytes.data(), bytes.size(), nullptr, nullptr, limit);
      T value = handle.get().as<T>();
      Output again;
      encode(again, value, 0);
      expect_same_counts(bytes, again.bytes());
      return value;
    } catch (const DecodeError&) {
      throw;
    } catch (const msgpack::type_error&) {
      throw DecodeError("the value does not fit the type");
    } catch (const msgpack::unpack_error& error) {
      throw DecodeError(std::string("not readable: ") + error.what());
    }
  }

  static void describe(SignatureWriter& writer) { writer << "any"; }
};

}  // namespace zonda::detail
