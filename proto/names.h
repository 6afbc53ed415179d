// Names are compared and printed; in a path there is always more beside one, for ".." is a name:
// [A-Za-z0-9._-]{1,128}.
#pragma once

#include <algorithm>
#include <string_view>

#include "proto/limits.h"

namespace zonda {

inline bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace zonda
