// A bug of ours stops the program, in release builds too. Never reachable by user code or by a peer.
#pragma once

#include <cstdio>
#include <cstdlib>

#ifndef ZONDA_ASSERT
#define ZONDA_ASSERT(condition)                                                                   \
  do {                                                                                            \
    if (!(condition)) {                                                                           \
      std::fprintf(stderr, "zonda: bug: %s is false at %s:%d\n", #condition, __FILE__, __LINE__); \
      std::abort();                                                                               \
    }                                                                                             \
  } while (false)
#endif
