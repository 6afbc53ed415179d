#include "cli/json.h"

#include <cmath>
#include <cstdio>
#include <ctime>

#include "command_line/complaint.h"

namespace zonda::cli {

std::string to_text(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string to_indented_text(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

Json from_msgpack(std::string_view bytes) {
  if (bytes.empty()) return nullptr;
  try {
    return Json::from_msgpack(bytes.begin(), bytes.end());
  } catch (const Json::exception& error) {
    throw Complaint(ExitCode::Failure, std::string("an answer that cannot be read: ") + error.what());
  }
}

std::string to_msgpack(const Json& value) {
  std::string bytes;
  Json::to_msgpack(value, bytes);
  return bytes;
}

Json parse_json(const std::string& text, const char* what) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw Complaint(ExitCode::Usage,
                    std::string(what) + " is not JSON, at byte " + std::to_string(error.byte),
                    "strings need double quotes, and the shell needs single quotes around all of it");
  }
}

std::string format_time(double seconds) {
  const auto milliseconds = static_cast<long long>(std::floor(seconds * 1000 + 0.5));
  const auto whole =
      static_cast<std::time_t>(milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char text[48];
  std::snprintf(text, sizeof text, "%s.%03dZ", date, static_cast<int>(milliseconds - whole * 1000LL));
  return text;
}

}  // namespace zonda::cli
