// What tasks cost while they wait to be accepted: their bytes, and some for keeping books of them, so that
// many tiny ones are bounded, too.
#pragma once

#include <cstddef>

#include "proto/column.h"

namespace zonda {

inline constexpr std::size_t kTaskOverhead = 32;

inline std::size_t task_cost(const Column& tasks) {
  return tasks.payloads.size() + kTaskOverhead * tasks.count();
}

}  // namespace zonda
