// Amounts of resources: fractions are allowed, so sums of them are compared with some slack.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

namespace zonda {

inline constexpr double kAmountSlack = 1e-6;

inline bool are_amounts(const std::map<std::string, double>& resources) {
  return std::all_of(resources.begin(), resources.end(),
                     [](const auto& each) { return std::isfinite(each.second) && each.second >= 0; });
}

}  // namespace zonda
