// Numbers of command lines and files. Both throw Complaint (usage), naming `what`.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "command_line/complaint.h"

namespace zonda::cli {

template <class T>
T parse_number(std::string_view text, const std::string& what) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw Complaint(ExitCode::Usage, what + ": '" + std::string(text) + "' is not a number that fits");
  return number;
}

inline std::uint64_t parse_number_within(std::string_view text, const std::string& what, std::uint64_t max,
                                         std::uint64_t min = 0) {
  const auto number = parse_number<std::uint64_t>(text, what);
  if (number < min) throw Complaint(ExitCode::Usage, what + ": at least " + std::to_string(min));
  if (number > max) throw Complaint(ExitCode::Usage, what + ": at most " + std::to_string(max));
  return number;
}

}  // namespace zonda::cli
