// What ZONDA_FIELDS expands to, and how the codec finds it.
#pragma once

#include <concepts>
#include <string_view>

namespace zonda::detail {

template <class Owner, class Member>
struct Field {
  using Type = Member;

  std::string_view name;
  Member Owner::*member;
};

template <class Owner, class Member>
constexpr Field<Owner, Member> field(std::string_view name, Member Owner::*member) {
  return {name, member};
}

// True only for the type that ZONDA_FIELDS names: a derived type inherits the function, but not the
// permission to be sent without its own fields.
template <class T>
concept HasFields = requires {
  T::zonda_fields();
  requires std::same_as<typename T::ZondaFieldsOf, T>;
};

}  // namespace zonda::detail

// A macro cannot call itself, so the preprocessor is made to scan the text again and again: 4^4 = 256 times.
#define ZONDA_DETAIL_SCAN(...) \
  ZONDA_DETAIL_SCAN3(ZONDA_DETAIL_SCAN3(ZONDA_DETAIL_SCAN3(ZONDA_DETAIL_SCAN3(__VA_ARGS__))))
#define ZONDA_DETAIL_SCAN3(...) \
  ZONDA_DETAIL_SCAN2(ZONDA_DETAIL_SCAN2(ZONDA_DETAIL_SCAN2(ZONDA_DETAIL_SCAN2(__VA_ARGS__))))
#define ZONDA_DETAIL_SCAN2(...) \
  ZONDA_DETAIL_SCAN1(ZONDA_DETAIL_SCAN1(ZONDA_DETAIL_SCAN1(ZONDA_DETAIL_SCAN1(__VA_ARGS__))))
#define ZONDA_DETAIL_SCAN1(...) __VA_ARGS__
#define ZONDA_DETAIL_PARENTHESES ()
#define ZONDA_DETAIL_FIELD(Type, name, ...)  \
  ::zonda::detail::field(#name, &Type::name) \
      __VA_OPT__(, ZONDA_DETAIL_NEXT_FIELD ZONDA_DETAIL_PARENTHESES(Type, __VA_ARGS__))
#define ZONDA_DETAIL_NEXT_FIELD() ZONDA_DETAIL_FIELD
