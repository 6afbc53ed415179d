// Ids made here: ordered by time, and unlike any other.
#pragma once

#include <zonda/job_id.h>

#include <cstdint>

namespace zonda {

std::uint64_t random_number();
JobId new_job_id();

}  // namespace zonda
