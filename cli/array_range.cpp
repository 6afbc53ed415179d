#include "cli/array_range.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw Complaint(ExitCode::Usage, "--array: '" + std::string(text) + "' " + why,
                  "a range, a range with a step, or a list of them: 0-99, 1-10:2, 0-9,20");
}

struct Range {
  std::uint64_t first = 0, last = 0, step = 1;
};

std::uint64_t take_number(std::string_view& rest, std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc()) refuse(text, "is not a range");
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return number;
}

Range parse_range(std::string_view part, std::string_view text) {
  Range range;
  range.first = range.last = take_number(part, text);
  if (part.starts_with('-')) {
    part.remove_prefix(1);
    range.last = take_number(part, text);
    if (part.starts_with(':')) {
      part.remove_prefix(1);
      range.step = take_number(part, text);
    }
  }
  if (!part.empty()) refuse(text, "is not a range");
  if (range.step == 0) refuse(text, "has the step 0");
  if (range.last < range.first) refuse(text, "ends before it begins");
  return range;
}

}  // namespace

std::vector<std::uint64_t> parse_array(std::string_view text) {
  std::vector<std::uint64_t> indices;
  std::string_view rest = text;
  while (true) {
    const std::size_t comma = rest.find(',');
    const Range range = parse_range(rest.substr(0, comma), text);
    if ((range.last - range.first) / range.step >= kArrayTasksMax - indices.size())
      refuse(text, "has more than " + std::to_string(kArrayTasksMax) + " indices");
    const std::uint64_t count = (range.last - range.first) / range.step + 1;
    for (std::uint64_t at = 0; at < count; ++at) indices.push_back(range.first + at * range.step);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  std::vector<std::uint64_t> sorted = indices;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) refuse(text, "names an index twice");
  return indices;
}

}  // namespace zonda::cli
