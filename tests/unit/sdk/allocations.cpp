#include "tests/unit/sdk/allocations.h"

#include <cstdlib>
#include <new>

namespace {

thread_local std::uint64_t allocations = 0;
thread_local std::uint64_t bytes = 0;

}  // namespace

std::uint64_t allocations_of_this_thread() { return allocations; }
std::uint64_t bytes_allocated_by_this_thread() { return bytes; }

void* operator new(std::size_t size) {
  ++allocations;
  bytes += size;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  bytes += size;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
