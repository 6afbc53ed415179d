// Raw bytes: what a function's arguments or its result are once encoded with msgpack.
#pragma once

#include <cstddef>
#include <vector>

namespace zonda {

using Bytes = std::vector<std::byte>;

}  // namespace zonda
