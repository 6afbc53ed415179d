// Reads msgpack strictly, in one pass, without allocating. Public headers decode user values with it, the
// protocol decodes frames with it.
//
// Strict: every read says what it expects, and what does not fit (another kind, an integer out of range, a
// count larger than the bytes left, trailing bytes) throws DecodeError. Views point into the input.
// msgpack-cxx's own unpack() allocates 8 KiB a call, takes 2.0 for an int, fills short tuples with defaults
// and ignores what follows the value (measured with 4.1.3), hence a reader of our own.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace zonda::detail {

struct DecodeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Reader {
 public:
  explicit Reader(std::string_view input) : at_(input.data()), end_(input.data() + input.size()) {}

  bool at_end() const { return at_ == end_; }
  std::size_t bytes_left() const { return static_cast<std::size_t>(end_ - at_); }
  const char* position() const { return at_; }

  void expect_end() const {
    if (!at_end()) throw DecodeError("trailing bytes");
  }

  template <std::integral T>
  requires(!std::same_as<T, bool>) T integer() {
    const std::uint8_t tag = take_tag();
    if (tag <= 0x7f) return fit<T>(std::uint64_t{tag});
    if (tag >= 0xe0) return fit<T>(std::int64_t{static_cast<std::int8_t>(tag)});
    switch (tag) {
      case 0xcc: return fit<T>(std::uint64_t{big_endian<std::uint8_t>()});
      case 0xcd: return fit<T>(std::uint64_t{big_endian<std::uint16_t>()});
      case 0xce: return fit<T>(std::uint64_t{big_endian<std::uint32_t>()});
      case 0xcf: return fit<T>(big_endian<std::uint64_t>());
      case 0xd0: return fit<T>(std::int64_t{static_cast<std::int8_t>(big_endian<std::uint8_t>())});
      case 0xd1: return fit<T>(std::int64_t{static_cast<std::int16_t>(big_endian<std::uint16_t>())});
      case 0xd2: return fit<T>(std::int64_t{static_cast<std::int32_t>(big_endian<std::uint32_t>())});
      case 0xd3: return fit<T>(static_cast<std::int64_t>(big_endian<std::uint64_t>()));
      default: wrong_kind("an integer", tag);
    }
  }

  // A float, or an integer that a double holds exactly.
  double number() {
    switch (peek()) {
      case 0xca: {
        take_tag();
        return static_cast<double>(bits_as<float>(big_endian<std::uint32_t>()));
      }
      case 0xcb: take_tag(); return bits_as<double>(big_endian<std::uint64_t>());
      default: break;
    }
    if (!next_is_integer()) wrong_kind("a number", peek());
    const auto value = integer<std::int64_t>();
    const auto as_double = static_cast<double>(value);
    if (as_double < -9007199254740992.0 || as_double > 9007199254740992.0)
      throw DecodeError("integer too large for a float");
    return as_double;
  }

  bool boolean() {
    const std::uint8_t tag = take_tag();
    if (tag != 0xc2 && tag != 0xc3) wrong_kind("a bool", tag);
    return tag == 0xc3;
  }

  std::string_view text() {
    const std::uint8_t tag = take_tag();
    if ((tag & 0xe0) == 0xa0) return take(tag & 0x1fU);
    switch (tag) {
      case 0xd9: return take(big_endian<std::uint8_t>());
      case 0xda: return take(big_endian<std::uint16_t>());
      case 0xdb: return take(big_endian<std::uint32_t>());
      default: wrong_kind("a string", tag);
    }
  }

  std::string_view binary() {
    const std::uint8_t tag = take_tag();
    switch (tag) {
      case 0xc4: return take(big_endian<std::uint8_t>());
      case 0xc5: return take(big_endian<std::uint16_t>());
      case 0xc6: return take(big_endian<std::uint32_t>());
      default: wrong_kind("bytes", tag);
    }
  }

  // The count is checked against the bytes left, so reserve(count) is safe.
  std::uint32_t array() {
    const std::uint8_t tag = take_tag();
    if ((tag & 0xf0) == 0x90) return count(tag & 0x0fU, 1);
    if (tag == 0xdc) return count(big_endian<std::uint16_t>(), 1);
    if (tag == 0xdd) return count(big_endian<std::uint32_t>(), 1);
    wrong_kind("an array", tag);
  }

  std::uint32_t map() {
    const std::uint8_t tag = take_tag();
    if ((tag & 0xf0) == 0x80) return count(tag & 0x0fU, 2);
    if (tag == 0xde) return count(big_endian<std::uint16_t>(), 2);
    if (tag == 0xdf) return count(big_endian<std::uint32_t>(), 2);
    wrong_kind("a map", tag);
  }

  void nil() {
    const std::uint8_t tag = take_tag();
    if (tag != 0xc0) wrong_kind("nil", tag);
  }

  bool next_is_nil() const { return peek() == 0xc0; }
  bool next_is_text() const {
    const std::uint8_t tag = peek();
    return (tag & 0xe0) == 0xa0 || (tag >= 0xd9 && tag <= 0xdb);
  }
  bool next_is_integer() const {
    const std::uint8_t tag = peek();
    return tag <= 0x7f || tag >= 0xe0 || (tag >= 0xcc && tag <= 0xd3);
  }

  // Steps over one value of any kind and returns its bytes. Iterative, so depth costs nothing.
  std::string_view skip() {
    const char* from = at_;
    for (std::uint64_t open = 1; open > 0; --open) open += skip_one();
    return {from, static_cast<std::size_t>(at_ - from)};
  }

 private:
  [[noreturn]] static void wrong_kind(const char* expected, std::uint8_t tag) {
    throw DecodeError(std::string("expected ") + expected + ", got " + kind_name(tag));
  }

  static const char* kind_name(std::uint8_t tag) {
    if (tag <= 0x7f || tag >= 0xe0 || (tag >= 0xcc && tag <= 0xd3)) return "an integer";
    if ((tag & 0xf0) == 0x80 || tag == 0xde || tag == 0xdf) return "a map";
    if ((tag & 0xf0) == 0x90 || tag == 0xdc || tag == 0xdd) return "an array";
    if ((tag & 0xe0) == 0xa0 || (tag >= 0xd9 && tag <= 0xdb)) return "a string";
    if (tag >= 0xc4 && tag <= 0xc6) return "bytes";
    if (tag == 0xc2 || tag == 0xc3) return "a bool";
    if (tag == 0xca || tag == 0xcb) return "a float";
    if (tag == 0xc0) return "nil";
    return "something else";
  }

  std::uint8_t peek() const {
    if (at_ == end_) throw DecodeError("the value ends too early");
    return static_cast<std::uint8_t>(*at_);
  }
  std::uint8_t take_tag() {
    const std::uint8_t tag = peek();
    ++at_;
    return tag;
  }
  std::string_view take(std::size_t size) {
    if (size > bytes_left()) throw DecodeError("the value ends too early");
    const char* from = at_;
    at_ += size;
    return {from, size};
  }
  template <class T>
  T big_endian() {
    T value = 0;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof value);
    // Not a loop over the bytes: the compiler does not see through it, and this is what large vectors cost.
    if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) return value;
    if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
    if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
    if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
  }
  template <class To, class From>
  static To bits_as(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
  }
  template <class T, class Wide>
  static T fit(Wide value) {
    if (!std::in_range<T>(value)) throw DecodeError("integer out of range");
    return static_cast<T>(value);
  }
  std::uint32_t count(std::uint32_t elements, std::uint32_t bytes_each) const {
    if (std::uint64_t{elements} * bytes_each > bytes_left())
      throw DecodeError("count larger than the bytes left");
    return elements;
  }
  // Steps over one tag and its own bytes; returns how many values it contains.
  std::uint64_t skip_one() {
    const std::uint8_t tag = peek();
    if ((tag & 0xf0) == 0x90 || tag == 0xdc || tag == 0xdd) return array();
    if ((tag & 0xf0) == 0x80 || tag == 0xde || tag == 0xdf) return 2 * std::uint64_t{map()};
    if (next_is_text()) return text(), 0;
    if (tag >= 0xc4 && tag <= 0xc6) return binary(), 0;
    take_tag();
    skip_scalar(tag);
    return 0;
  }
  void skip_scalar(std::uint8_t tag) {
    static constexpr std::uint8_t kSize[] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17};  // 0xca to 0xd8
    if (tag <= 0x7f || tag >= 0xe0 || tag == 0xc0 || tag == 0xc2 || tag == 0xc3) return;
    if (tag >= 0xca && tag <= 0xd8) return void(take(kSize[tag - 0xca]));
    if (tag == 0xc7) return void(take(std::size_t{big_endian<std::uint8_t>()} + 1));
    if (tag == 0xc8) return void(take(std::size_t{big_endian<std::uint16_t>()} + 1));
    if (tag == 0xc9) return void(take(std::size_t{big_endian<std::uint32_t>()} + 1));
    throw DecodeError("unknown msgpack tag");
  }

  const char* at_;
  const char* end_;
};

}  // namespace zonda::detail
