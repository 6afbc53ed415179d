// How this process's malloc deals with large blocks.
#pragma once

namespace zonda {

// Keeps what is freed at the end of a heap for the next payloads, up to 64 MiB; each arena, of which threads
// have their own, has a heap. By default glibc gives such blocks back to the system and faults in every page
// of the next one: of a stream of 1 MiB payloads that was half of the time. Before threads are started.
void keep_freed_memory();

}  // namespace zonda
