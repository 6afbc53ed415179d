// A function by name and type: what clients call and workers bind. Define it once, in a header for both:
//
//   inline constexpr zonda::Function<std::int64_t(std::int64_t)> square{"math.square"};
//
//   client.submit(square(7));    worker.bind(square, [](std::int64_t x) { return x * x; });
//
// Arguments and results: bool, integers, floating point, std::string, zonda::Bytes, the containers, tuples,
// optionals and owning pointers of std, durations, enums, types with ZONDA_FIELDS, and whatever else
// msgpack-cxx packs. References to const are taken for the value. All members are thread-safe.
#pragma once

#include <zonda/call.h>
#include <zonda/detail/arguments.h>
#include <zonda/detail/name.h>
#include <zonda/detail/signature.h>
#include <zonda/error.h>
#include <zonda/fields.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace zonda {

namespace detail {

// Not constexpr, so that a bad name in a constant is a compile error that says this.
[[noreturn]] inline void refuse_function_name(std::string_view name) {
  throw Error("\"" + std::string(name.substr(0, kNameBytesMax)) +
              "\" is not the name of a function ([A-Za-z0-9._-]{1,128})");
}

}  // namespace detail

template <class Signature>
class Function;

template <class R, class... A>
class Function<R(A...)> {
  static_assert(!std::is_reference_v<R>, "zonda: a function returns a value, not a reference");
  static_assert(((!std::is_reference_v<A> || std::is_const_v<std::remove_reference_t<A>>)&&...),
                "zonda: a function takes values, or references to const");

 public:
  // The name matches [A-Za-z0-9._-]{1,128}: another is a compile error in a constant, and else throws Error.
  // The text is not copied; it must outlive the function. A string literal does.
  constexpr explicit Function(std::string_view name) : name_(name) {
    if (!detail::is_name(name)) detail::refuse_function_name(name);
  }

  constexpr std::string_view name() const { return name_; }

  // E.g. "(int, str) -> str". Lives for ever.
  const std::string& signature() const { return detail::signature_of<R, A...>(); }

  // Arguments convert as in a normal call; anything else is a compile error. They are encoded at once.
  template <class... Given>
  Call<R> operator()(Given&&... given) const {
    detail::Output out;
    detail::encode_arguments<A...>(out, std::forward<Given>(given)...);
    return Call<R>(detail::CallParts{std::string(name_), signature(), std::move(out.bytes()), {}});
  }

  // The same for arguments in braces, which have no type of their own.
  Call<R> operator()(const detail::ValueOf<A>&... given) const {
    detail::Output out;
    detail::encode_arguments<A...>(out, given...);
    return Call<R>(detail::CallParts{std::string(name_), signature(), std::move(out.bytes()), {}});
  }

 private:
  std::string_view name_;
};

}  // namespace zonda
