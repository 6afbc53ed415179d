// How far a running task says it is: the latest of what its handler told Context::progress().
#pragma once

#include <cstdint>
#include <string>

namespace zonda {

struct Progress {
  std::uint64_t done = 0;
  std::uint64_t total = 0;  // 0: unknown
  std::string text;
};

}  // namespace zonda
