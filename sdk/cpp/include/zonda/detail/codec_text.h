// Text and bytes: msgpack str and bin. Neither is taken for the other.
#pragma once

#include <zonda/bytes.h>
#include <zonda/detail/codec_base.h>

#include <array>
#include <concepts>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace zonda::detail {

template <>
struct Codec<std::string> {
  static void encode(Output& out, const std::string& value, int) {
    Packer packer(out);
    packer.pack_str(size32(value.size()))
        .pack_str_body(value.data(), static_cast<std::uint32_t>(value.size()));
  }
  static std::string decode(Reader& reader, int) { return std::string(reader.text()); }
  static void describe(SignatureWriter& writer) { writer << "str"; }
};

template <class T>
concept ByteLike = std::same_as<T, std::byte> || std::same_as<T, char> || std::same_as<T, unsigned char>;

template <ByteLike T>
void pack_bytes(Output& out, const T* data, std::size_t size) {
  Packer packer(out);
  packer.pack_bin(size32(size))
      .pack_bin_body(reinterpret_cast<const char*>(data), static_cast<std::uint32_t>(size));
}

template <ByteLike T, class Allocator>
struct Codec<std::vector<T, Allocator>> {
  using Vector = std::vector<T, Allocator>;

  static void encode(Output& out, const Vector& value, int) { pack_bytes(out, value.data(), value.size()); }
  static Vector decode(Reader& reader, int) {
    const std::string_view bytes = reader.binary();
    const T* data = reinterpret_cast<const T*>(bytes.data());
    return Vector(data, data + bytes.size());
  }
  static void describe(SignatureWriter& writer) { writer << "bytes"; }
};

template <ByteLike T, std::size_t N>
struct Codec<std::array<T, N>> {
  static void encode(Output& out, const std::array<T, N>& value, int) { pack_bytes(out, value.data(), N); }
  static std::array<T, N> decode(Reader& reader, int) {
    const std::string_view bytes = reader.binary();
    expect_count(static_cast<std::uint32_t>(bytes.size()), N);
    std::array<T, N> value{};
    if constexpr (N > 0) std::memcpy(value.data(), bytes.data(), N);
    return value;
  }
  static void describe(SignatureWriter& writer) { writer << "bytes"; }
};

}  // namespace zonda::detail
