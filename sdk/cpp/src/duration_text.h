// Durations as people write them: "500ms", "30s", "5m", "1h", also "1h30m", "1.5s" and "0". A number without
// a unit is nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace zonda {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace zonda
