// Durations as people write and read them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace zonda::cli {

// "500ms", "30s", "5m", "1h", also "1h30m", "1.5s" and "0". Throws Complaint (usage), naming `what`.
std::chrono::milliseconds parse_duration(std::string_view text, std::string_view what);

// Exact, in what parse_duration reads: "1h30m", "250ms", "0s".
std::string format_duration(std::chrono::milliseconds duration);

// Rounded, for tables: "450ms", "3.2s", "3m12s", "5h04m", "2d03h".
std::string format_age(double seconds);

}  // namespace zonda::cli
