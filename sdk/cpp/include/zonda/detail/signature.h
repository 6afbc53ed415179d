// The signature of a function as language-neutral text, e.g. "(int, str) -> str":
//
//   int float bool str bytes nil        any integer, any floating point, std::string, zonda::Bytes, void
//   list[T] map[K, V] T? (A, B)         sequences and sets, maps, optionals, tuples
//   {x: float, y: float}                a type with ZONDA_FIELDS; inside itself it is `any`
//   any                                 what only msgpack-cxx knows
//
// Function and signature together are what a worker serves, so the text must not change for a type.
#pragma once

#include <zonda/detail/codec.h>

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace zonda::detail {

// What travels for a parameter or a result declared as T.
template <class T>
using ValueOf = std::conditional_t<std::is_void_v<T>, std::monostate, std::remove_cvref_t<T>>;

template <class R, class... A>
std::string write_signature() {
  SignatureWriter writer;
  [[maybe_unused]] const char* before = "";
  writer << "(";
  ((writer << std::exchange(before, ", "), Codec<ValueOf<A>>::describe(writer)), ...);
  writer << ") -> ";
  Codec<ValueOf<R>>::describe(writer);
  return writer.take();
}

// Written once per type.
template <class R, class... A>
const std::string& signature_of() {
  static const std::string text = write_signature<R, A...>();
  return text;
}

}  // namespace zonda::detail
