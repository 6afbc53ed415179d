#include "command_line/byte_size.h"

#include <array>
#include <charconv>
#include <string>

#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

struct Unit {
  std::string_view name;
  int shift;
};
constexpr std::array kUnits{Unit{"", 0}, Unit{"KiB", 10}, Unit{"MiB", 20}, Unit{"GiB", 30}, Unit{"TiB", 40}};
constexpr int kBits = 62;

}  // namespace

std::uint64_t parse_byte_size(std::string_view text, std::string_view what) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : kUnits) {
    if (error == std::errc() && unit.name == name && number >> (kBits - unit.shift) == 0)
      return number << unit.shift;
  }
  throw Complaint(ExitCode::Usage,
                  std::string(what) + ": '" + std::string(text) + "' is not an amount of bytes",
                  "a whole number with a unit: 512MiB, 4GiB");
}

}  // namespace zonda::cli
