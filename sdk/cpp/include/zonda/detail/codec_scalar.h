// bool, integers, floating point, enums, durations, nil.
#pragma once

#include <zonda/detail/codec_base.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <variant>

namespace zonda::detail {

// Character types count as integers; __int128 is none that msgpack knows.
template <class T>
concept Integer =
    std::integral<T> && !std::same_as<T, bool> && !std::is_const_v<T> && sizeof(T) <= sizeof(std::uint64_t);

template <class T>
concept Float = std::same_as<T, float> || std::same_as<T, double>;

template <class T>
concept Number = Integer<T> || Float<T>;

// Bytes swapped, unless the machine has the order of msgpack.
template <std::unsigned_integral T>
constexpr T big_endian(T value) {
  if constexpr (std::endian::native == std::endian::big)
    return value;
  else if constexpr (sizeof(T) == 8)
    return __builtin_bswap64(value);
  else
    return __builtin_bswap32(value);
}

// Always with a float's own tag: msgpack-cxx's pack_double makes an integer of 2.0, loses the sign of -0.0,
// and 1e17 would then be refused as an integer that no double holds.
template <Float T, class Stream>
void pack_float(msgpack::packer<Stream>& packer, T value) {
  char encoded[1 + sizeof(T)];
  const auto put = [&encoded](char tag, auto bits) {
    encoded[0] = tag;
    std::memcpy(encoded + 1, &bits, sizeof bits);
  };
  if constexpr (sizeof(T) == 8)
    put('\xcb', big_endian(std::bit_cast<std::uint64_t>(value)));
  else
    put('\xca', big_endian(std::bit_cast<std::uint32_t>(value)));
  packer.pack_bin_body(encoded, sizeof encoded);  // writes what it is given
}

// An integer takes the shortest form that holds it.
template <Number T, class Stream>
void pack_number(msgpack::packer<Stream>& packer, T value) {
  if constexpr (Float<T>)
    pack_float(packer, value);
  else if constexpr (std::signed_integral<T>)
    packer.pack_int64(static_cast<std::int64_t>(value));
  else
    packer.pack_uint64(static_cast<std::uint64_t>(value));
}

template <Integer T>
struct Codec<T> {
  // The sized integer of T: std::in_range knows no characters.
  using Sized =
      typename std::conditional_t<std::signed_integral<T>, std::make_signed<T>, std::make_unsigned<T>>::type;

  static void encode(Output& out, T value, int) {
    Packer packer(out);
    pack_number(packer, value);
  }
  static T decode(Reader& reader, int) { return static_cast<T>(reader.integer<Sized>()); }
  static void describe(SignatureWriter& writer) { writer << "int"; }
};

template <Float T>
struct Codec<T> {
  static void encode(Output& out, T value, int) {
    Packer packer(out);
    pack_number(packer, value);
  }
  static T decode(Reader& reader, int) {
    if constexpr (std::same_as<T, double>)
      return reader.number();
    else
      return to_float(reader);
  }
  static void describe(SignatureWriter& writer) { writer << "float"; }

 private:
  // A double is rounded as usual, but neither becomes infinite nor was it an integer that changes.
  static float to_float(Reader& reader) {
    const bool was_integer = reader.next_is_integer();
    const double value = reader.number();
    if (std::isfinite(value) && std::abs(value) > static_cast<double>(std::numeric_limits<float>::max()))
      throw DecodeError("number too large for a float of 32 bits");
    const auto rounded = static_cast<float>(value);
    if (was_integer && static_cast<double>(rounded) != value)
      throw DecodeError("integer too large for a float of 32 bits");
    return rounded;
  }
};

template <>
struct Codec<bool> {
  static void encode(Output& out, bool value, int) {
    Packer packer(out);
    value ? packer.pack_true() : packer.pack_false();
  }
  static bool decode(Reader& reader, int) { return reader.boolean(); }
  static void describe(SignatureWriter& writer) { writer << "bool"; }
};

// As the underlying integer; any value of that is taken.
template <class T>
requires std::is_enum_v<T>
struct Codec<T> {
  using Underlying = std::underlying_type_t<T>;

  static void encode(Output& out, T value, int depth) {
    Codec<Underlying>::encode(out, static_cast<Underlying>(value), depth);
  }
  static T decode(Reader& reader, int depth) {
    return static_cast<T>(Codec<Underlying>::decode(reader, depth));
  }
  static void describe(SignatureWriter& writer) { Codec<Underlying>::describe(writer); }
};

// The count of its own period: both sides must declare the same duration.
template <class Rep, class Period>
struct Codec<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;

  static void encode(Output& out, Duration value, int depth) {
    Codec<Rep>::encode(out, value.count(), depth);
  }
  static Duration decode(Reader& reader, int depth) { return Duration(Codec<Rep>::decode(reader, depth)); }
  static void describe(SignatureWriter& writer) { Codec<Rep>::describe(writer); }
};

template <class T>
concept Nil = std::same_as<T, std::monostate> || std::same_as<T, std::nullptr_t>;

template <Nil T>
struct Codec<T> {
  static void encode(Output& out, T, int) {
    Packer packer(out);
    packer.pack_nil();
  }
  static T decode(Reader& reader, int) {
    reader.nil();
    return T{};
  }
  static void describe(SignatureWriter& writer) { writer << "nil"; }
};

}  // namespace zonda::detail
