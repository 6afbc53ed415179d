// Types with ZONDA_FIELDS: msgpack maps from field names to values.
#pragma once

#include <zonda/detail/codec_base.h>
#include <zonda/detail/field.h>

#include <array>
#include <concepts>
#include <string>
#include <string_view>
#include <tuple>
#include <typeindex>
#include <utility>

namespace zonda::detail {

[[noreturn]] inline void refuse_field(const char* why, std::string_view name) {
  constexpr std::size_t kQuotedBytesMax = 64;  // the name may be anything
  throw DecodeError(why + std::string(" field ") + std::string(name.substr(0, kQuotedBytesMax)));
}

inline void check_depth(int depth) {
  if (depth >= kDepthMax) throw DecodeError("own types nested more than 64 deep");
}

template <HasFields T>
struct Codec<T> {
  static_assert(std::default_initializable<T>, "zonda: a type with ZONDA_FIELDS needs a default constructor");

  static constexpr auto kFields = T::zonda_fields();
  static constexpr std::size_t kCount = std::tuple_size_v<decltype(kFields)>;
  static constexpr auto kNames = std::apply(
      [](const auto&... field) { return std::array<std::string_view, kCount>{field.name...}; }, kFields);

  static void encode(Output& out, const T& value, int depth) {
    if (depth >= kDepthMax) throw Error("own types nested more than 64 deep cannot be sent");
    Packer packer(out);
    packer.pack_map(kCount);
    std::apply([&](const auto&... field) { (encode_field(out, field, value, depth), ...); }, kFields);
  }

  static T decode(Reader& reader, int depth) {
    check_depth(depth);
    T value{};
    std::array<bool, kCount + 1> seen{};
    const std::uint32_t count = reader.map();
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string_view name = reader.text();
      const std::size_t at = find(name, i);
      if (at == kCount) refuse_field("unknown", name);
      if (std::exchange(seen[at], true)) refuse_field("duplicate", name);
      decode_field(reader, at, value, depth);
    }
    for (std::size_t at = 0; at < kCount; ++at) {
      if (!seen[at]) refuse_field("missing", kNames[at]);
    }
    return value;
  }

  static void describe(SignatureWriter& writer) {
    if (!writer.enter(typeid(T))) {
      writer << "any";  // inside itself
      return;
    }
    writer << "{";
    [[maybe_unused]] const char* before = "";
    const auto describe_field = [&]<class Owner, class Member>(const Field<Owner, Member>& field) {
      writer << std::exchange(before, ", ") << field.name << ": ";
      Codec<Member>::describe(writer);
    };
    std::apply([&](const auto&... field) { (describe_field(field), ...); }, kFields);
    writer << "}";
    writer.leave();
  }

 private:
  template <class Owner, class Member>
  static void encode_field(Output& out, const Field<Owner, Member>& field, const T& value, int depth) {
    Packer packer(out);
    const auto size = static_cast<std::uint32_t>(field.name.size());
    packer.pack_str(size).pack_str_body(field.name.data(), size);
    Codec<Member>::encode(out, value.*field.member, depth + 1);
  }

  // Looks first where it is if the sender has our order.
  static std::size_t find(std::string_view name, std::size_t guess) {
    if (guess < kCount && kNames[guess] == name) return guess;
    std::size_t at = 0;
    while (at < kCount && kNames[at] != name) ++at;
    return at;
  }

  static void decode_field(Reader& reader, std::size_t wanted, T& value, int depth) {
    try {
      std::size_t at = 0;
      const auto decode_if_wanted = [&]<class Owner, class Member>(const Field<Owner, Member>& field) {
        if (at++ == wanted) value.*field.member = Codec<Member>::decode(reader, depth + 1);
      };
      std::apply([&](const auto&... field) { (decode_if_wanted(field), ...); }, kFields);
    } catch (const DecodeError& error) {
      throw DecodeError("field " + std::string(kNames[wanted]) + ": " + error.what());
    }
  }
};

}  // namespace zonda::detail
