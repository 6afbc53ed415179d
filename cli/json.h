// JSON as the tool prints it: fields in the order they were set, one document a call.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace zonda::cli {

using Json = nlohmann::ordered_json;

// On one line; bytes that are not UTF-8 are replaced by U+FFFD.
std::string to_text(const Json& value);
std::string to_indented_text(const Json& value);

Json from_msgpack(std::string_view bytes);  // throws Complaint if it is not msgpack
std::string to_msgpack(const Json& value);
Json parse_json(const std::string& text, const char* what);  // throws Complaint (usage) that names `what`

// Seconds since the epoch as RFC 3339 UTC with milliseconds: "2026-01-31T08:00:00.250Z".
std::string format_time(double seconds);

}  // namespace zonda::cli
