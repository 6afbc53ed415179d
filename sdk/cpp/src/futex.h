// Waits for a word to change. std::atomic::wait has no timeout, and a mutex and a condition variable per task
// would be most of what a task costs.
#pragma once

#include <zonda/detail/task_state.h>

#include <atomic>
#include <cstdint>

namespace zonda {

// Returns when the word is not `expected`, at the deadline, or for no reason.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, const detail::Deadline& deadline);
void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept;

}  // namespace zonda
