// How this process's malloc deals with large blocks.
#pragma once

namespace zonda {

// Keeps up to 64 MiB of freed memory for the next payloads. By default glibc gives blocks of a payload's size
// back to the system, or what it trims from the heap's end, and faults every page of the next one in again:
// with payloads of 1 MiB that was half of the time (docs/performance.md). Before threads are started.
void keep_freed_memory();

}  // namespace zonda
