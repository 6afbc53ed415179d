#include "command_line/number.h"

#include <charconv>

#include "command_line/complaint.h"

namespace zonda::cli {

std::uint64_t parse_number(std::string_view text, const std::string& what, std::uint64_t max,
                           std::uint64_t min) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw Complaint(ExitCode::Usage, what + ": '" + std::string(text) + "' is not a number that fits");
  if (number < min) throw Complaint(ExitCode::Usage, what + ": at least " + std::to_string(min));
  if (number > max) throw Complaint(ExitCode::Usage, what + ": at most " + std::to_string(max));
  return number;
}

}  // namespace zonda::cli
