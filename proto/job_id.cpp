#include <zonda/job_id.h>

namespace zonda {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford: no i, l, o, u
constexpr int kCharacters = 26;                                             // 130 bits, of which 2 stay zero

// The five bits that character `at` stands for; the first character holds the top three bits of the id.
int five_bits(const JobId& id, int at) {
  int value = 0;
  for (int bit = 0; bit < 5; ++bit) {
    const int position = 5 * at + bit - 2;  // from the most significant bit of the id
    const bool set =
        position >= 0 && ((id.bytes[static_cast<std::size_t>(position / 8)] >> (7 - position % 8)) & 1) != 0;
    value = 2 * value + (set ? 1 : 0);
  }
  return value;
}

}  // namespace

std::string to_string(const JobId& id) {
  std::string text;
  for (int at = 0; at < kCharacters; ++at) text += kAlphabet[static_cast<std::size_t>(five_bits(id, at))];
  return text;
}

std::string to_string(const TaskId& id) { return to_string(id.job) + "/" + std::to_string(id.index); }

std::optional<JobId> parse_job_id(std::string_view text) {
  if (text.size() != kCharacters) return std::nullopt;
  JobId id;
  for (int at = 0; at < kCharacters; ++at) {
    const std::size_t value = kAlphabet.find(text[static_cast<std::size_t>(at)]);
    if (value == std::string_view::npos || (at == 0 && value > 7)) return std::nullopt;
    for (int bit = 0; bit < 5; ++bit) {
      const int position = 5 * at + bit - 2;
      if (position < 0 || ((value >> (4 - bit)) & 1) == 0) continue;
      id.bytes[static_cast<std::size_t>(position / 8)] |= static_cast<std::uint8_t>(1 << (7 - position % 8));
    }
  }
  return id;
}

}  // namespace zonda
