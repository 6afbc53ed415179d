// Makes a type of your own an argument or a result:
//
//   struct Point { double x, y; ZONDA_FIELDS(Point, x, y) };   // no semicolon after the macro
//
// Name the type and the fields to send, up to 256, in the public part of the type. It stays an aggregate if
// it was one, and must be default constructible. Fields may be of any type that can be sent, other types with
// ZONDA_FIELDS included. A type may contain itself through std::vector and the like, 64 deep.
//
// It travels as a msgpack map from field names to values. The receiver wants each field exactly once, in any
// order, and nothing else: what does not fit is an error that names the field, so rename fields on both sides
// at once. A derived type does not inherit its base's fields; give it its own, which may name inherited
// members.
#pragma once

#include <zonda/detail/field.h>

#include <tuple>

#define ZONDA_FIELDS(Type, ...)                                                                     \
  using ZondaFieldsOf [[maybe_unused]] = Type;                                                      \
  static constexpr auto zonda_fields() {                                                            \
    return ::std::make_tuple(__VA_OPT__(ZONDA_DETAIL_SCAN(ZONDA_DETAIL_FIELD(Type, __VA_ARGS__)))); \
  }
