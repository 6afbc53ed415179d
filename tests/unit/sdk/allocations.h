// Counts what operator new gives out, so that a test can promise how much is allocated.
#pragma once

#include <cstdint>

std::uint64_t allocations_of_this_thread();
std::uint64_t bytes_allocated_by_this_thread();
