// ZONDA_ASSERT: a bug of ours stops the process at once, in release builds too. Never on what a peer sent.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace zonda::detail {

[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "zonda: internal error: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace zonda::detail

#define ZONDA_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::zonda::detail::assertion_failed(#condition, __FILE__, __LINE__))
