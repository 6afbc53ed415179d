// Results that the broker would not take.
#pragma once

#include <cstdint>

#include "worker/executor/executor.h"

namespace zonda {

// Each payload above `payload_max` (0: no limit) becomes a failure that says so; a failure stays of its kind.
void replace_oversized(Finished& finished, std::uint64_t payload_max);

}  // namespace zonda
