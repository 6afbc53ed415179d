// The arguments of a call as one msgpack array, converted as a normal call would convert them.
#pragma once

#include <zonda/detail/codec.h>
#include <zonda/detail/signature.h>

#include <concepts>
#include <cstddef>
#include <exception>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace zonda::detail {

// A compile error in here names the position, the type given and the type declared.
template <std::size_t Position, class Given, class Declared>
struct ArgumentAt {
  static constexpr bool kConverts = std::is_convertible_v<Given, Declared>;
  static_assert(kConverts,
                "zonda: an argument does not convert to the type that the function declares "
                "(see ArgumentAt<position from 1, given, declared>)");
};

template <class Declared, class Given>
void encode_argument(Output& out, Given&& given) {
  if constexpr (std::same_as<std::remove_cvref_t<Given>, Declared>) {
    encode(out, given);
  } else if constexpr (std::is_scalar_v<std::remove_cvref_t<Given>> && std::is_scalar_v<Declared>) {
    encode(out,
           static_cast<Declared>(given));  // may narrow, as in a normal call; the cast is for -Wconversion
  } else {
    const Declared converted = std::forward<Given>(given);
    encode(out, converted);
  }
}

template <class... Declared, class... Given, std::size_t... I>
void encode_arguments_at(Output& out, std::index_sequence<I...>, Given&&... given) {
  constexpr bool kAllConvert = (ArgumentAt<I + 1, Given, ValueOf<Declared>>::kConverts && ...);
  if constexpr (kAllConvert) {
    Packer packer(out);
    packer.pack_array(sizeof...(Declared));
    (encode_argument<ValueOf<Declared>>(out, std::forward<Given>(given)), ...);
  }
}

template <class... Declared, class... Given>
void encode_arguments(Output& out, Given&&... given) {
  constexpr bool kSameCount = sizeof...(Declared) == sizeof...(Given);
  static_assert(kSameCount, "zonda: a call with the wrong number of arguments");
  if constexpr (kSameCount) {
    encode_arguments_at<Declared...>(out, std::index_sequence_for<Declared...>{},
                                     std::forward<Given>(given)...);
  }
}

template <class T>
T decode_argument(Reader& reader, int& position) {
  ++position;
  try {
    return decode<T>(reader);
  } catch (const DecodeError& error) {
    throw DecodeError("argument " + std::to_string(position) + ": " + error.what());
  }
}

// Throws DecodeError, which says the position, unless the bytes are exactly such an array.
template <class... Declared>
std::tuple<ValueOf<Declared>...> decode_arguments(std::string_view bytes) {
  Reader reader(bytes);
  const std::uint32_t count = reader.array();
  if (count != sizeof...(Declared)) {
    throw DecodeError("expected " + std::to_string(sizeof...(Declared)) + " arguments, got " +
                      std::to_string(count));
  }
  [[maybe_unused]] int position = 0;
  std::tuple<ValueOf<Declared>...> arguments{
      decode_argument<ValueOf<Declared>>(reader, position)...};  // left to right
  reader.expect_end();
  return arguments;
}

}  // namespace zonda::detail
