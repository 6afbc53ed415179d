// CRC-32C (Castagnoli), as iSCSI and ext4 use it: tells damaged bytes from whole ones.
#pragma once

#include <cstdint>
#include <string_view>

namespace zonda {

// Of `bytes`, or of what `before` was of with `bytes` behind it.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace zonda
