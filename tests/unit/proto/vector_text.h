// A message in the readable form of proto/vectors: one line a field, its value as JSON.
//
//   numbers, text, true and false   as they are; a float always has a point or an exponent
//   {"$bin": "hex"}                 bytes
//   {"$column": ["hex", …]}         a column, by its values
//   {"$map": {key: value, …}}       a map
//   {"field": value, …}             a record: on the wire an array of its fields in this order
#pragma once

#include <string>

#include "proto/frame.h"

namespace zonda {

std::string hex_of(std::string_view bytes);
std::string header_line(const Header& header);
std::string field_lines(const Message& message);  // "name: value\n" each

}  // namespace zonda
