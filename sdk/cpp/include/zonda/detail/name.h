// The one rule for names of functions, queues, resources and labels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace zonda::detail {

inline constexpr std::size_t kNameBytesMax = 128;

constexpr bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

// [A-Za-z0-9._-]{1,128}
constexpr bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::all_of(text.begin(), text.end(), is_name_character);
}

}  // namespace zonda::detail
