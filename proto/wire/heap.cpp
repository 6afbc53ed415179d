#include "proto/wire/heap.h"

#include <malloc.h>

namespace zonda {

void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc takes
  ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

}  // namespace zonda
