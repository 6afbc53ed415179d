// A frame as a wire hands it over: with memory that it may give up, and that is gone when it does not.
#pragma once

#include <string>

#include "proto/arrived_frame.h"

namespace zonda {

inline ArrivedFrame arriving(std::string& frame) {
  constexpr std::size_t kLarge = 64;  // or nothing in a test would be
  return {frame, [](const std::string& bytes) { return std::string_view(bytes); }, kLarge};
}

}  // namespace zonda
