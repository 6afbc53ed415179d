// What somebody may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zonda::cli {

// The candidate that is closest to `typed`, empty if none is close.
std::string suggest(std::string_view typed, const std::vector<std::string>& candidates);

// "did you mean 'submit'?", or empty.
std::string suggestion_hint(std::string_view typed, const std::vector<std::string>& candidates);

}  // namespace zonda::cli
