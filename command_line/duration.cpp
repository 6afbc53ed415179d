#include "command_line/duration.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

struct Unit {
  std::string_view name;
  double milliseconds;
};
constexpr std::array kUnits{Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000}, Unit{"h", 3'600'000},
                            Unit{"d", 86'400'000}};
constexpr double kLongest = 100.0 * 365 * 86'400'000;  // what the broker takes

[[noreturn]] void refuse(std::string_view text, std::string_view what) {
  throw Complaint(ExitCode::Usage, std::string(what) + ": '" + std::string(text) + "' is not a duration",
                  "a number with a unit: 500ms, 30s, 5m, 1h");
}

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

}  // namespace

std::chrono::milliseconds parse_duration(std::string_view text, std::string_view what) {
  if (text == "0") return {};
  double total = 0;
  double smallest = kLongest + 1;
  std::string_view rest = text;
  if (rest.empty()) refuse(text, what);
  while (!rest.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (error != std::errc() || rest[0] == '-' || !std::isfinite(number)) refuse(text, what);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::string_view name = rest.substr(0, rest.find_first_of("0123456789."));
    const Unit* unit = find_unit(name);
    if (unit == nullptr || unit->milliseconds >= smallest) refuse(text, what);  // "5s5m" is a typing error
    smallest = unit->milliseconds;
    total += number * unit->milliseconds;
    rest.remove_prefix(name.size());
  }
  if (total > kLongest) refuse(text, what);
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::llround(total)));
}

std::string format_duration(std::chrono::milliseconds duration) {
  if (duration.count() == 0) return "0s";
  std::string text;
  std::int64_t left = duration.count();
  for (auto unit = kUnits.rbegin() + 1; unit != kUnits.rend(); ++unit) {
    const auto size = static_cast<std::int64_t>(unit->milliseconds);
    if (left < size) continue;
    text += std::to_string(left / size) + std::string(unit->name);
    left %= size;
  }
  return text;
}

std::string format_age(double seconds) {
  char text[48];
  const auto whole = static_cast<long long>(seconds);
  if (!(seconds >= 0)) return "-";
  if (seconds < 0.9995)
    std::snprintf(text, sizeof text, "%.0fms", seconds * 1000);
  else if (seconds < 9.95)
    std::snprintf(text, sizeof text, "%.1fs", seconds);
  else if (whole < 60)
    std::snprintf(text, sizeof text, "%llds", whole);
  else if (whole < 3600)
    std::snprintf(text, sizeof text, "%lldm%02llds", whole / 60, whole % 60);
  else if (whole < 86'400)
    std::snprintf(text, sizeof text, "%lldh%02lldm", whole / 3600, whole % 3600 / 60);
  else
    std::snprintf(text, sizeof text, "%lldd%02lldh", whole / 86'400, whole % 86'400 / 3600);
  return text;
}

}  // namespace zonda::cli
