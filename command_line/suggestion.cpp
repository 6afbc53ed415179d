#include "command_line/suggestion.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace zonda::cli {
namespace {

// Insertions, deletions, replacements and swaps of neighbours that make one text the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last(b.size() + 1), current(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        current[j] = std::min(current[j], before_last[j - 2] + 1);
    }
    before_last = std::exchange(last, current);
  }
  return last[b.size()];
}

}  // namespace

std::string suggest(std::string_view typed, const std::vector<std::string>& candidates) {
  typed = typed.substr(0, 64);
  std::string best;
  std::size_t least = typed.size() < 4 ? 2 : 3;  // at this distance nobody meant it
  for (const std::string& candidate : candidates) {
    const std::size_t away = distance(typed, candidate);
    if (away < least && away < candidate.size()) least = away, best = candidate;
  }
  return best;
}

std::string suggestion_hint(std::string_view typed, const std::vector<std::string>& candidates) {
  const std::string meant = suggest(typed, candidates);
  return meant.empty() ? "" : "did you mean '" + meant + "'?";
}

}  // namespace zonda::cli
