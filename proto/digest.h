// A short name for some bytes, to tell a resend from something else that claims the same place. Not for
// security.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/column.h"

namespace zonda {

std::uint64_t digest(std::string_view bytes, std::uint64_t seed = 0);
inline std::uint64_t digest(const Column& column) { return digest(column.payloads, digest(column.lengths)); }

}  // namespace zonda
