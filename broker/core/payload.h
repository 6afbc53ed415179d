// Payloads that are not in memory are in the store, and are read back by name.
#pragma once

#include <zonda/job_id.h>

#include <compare>
#include <cstdint>
#include <string_view>

#include "proto/column.h"
#include "proto/slab.h"

namespace zonda {

struct PayloadName {
  enum class What : std::uint8_t { Arguments, Outcomes };
  JobId job;
  What what = What::Arguments;
  std::uint64_t place = 0;  // first task of the batch; position of the outcomes in the job's log
  friend auto operator<=>(const PayloadName&, const PayloadName&) = default;
};

// As it was committed. Gone meanwhile, because its job was forgotten or its outcomes were released: an empty
// slab.
struct Payload {
  PayloadName name;
  Slab slab;
  std::string_view kinds;  // of outcomes
  Column column;
};

}  // namespace zonda
