// Amounts of bytes as people write them.
#pragma once

#include <cstdint>
#include <string_view>

namespace zonda::cli {

// "4GiB", "512MiB", "64KiB", "100" or "0". Throws Complaint that begins with `what`.
std::uint64_t parse_byte_size(std::string_view text, std::string_view what);

}  // namespace zonda::cli
