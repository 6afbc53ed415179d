#include "cli/pools/launcher.h"

#include <algorithm>

namespace zonda::cli {

std::vector<std::string> Launcher::free_names(std::uint64_t count, const std::set<std::string>& taken) const {
  std::vector<std::string> names;
  for (std::uint64_t number = 1; names.size() < count; ++number) {
    std::string name = pool_ + "-" + std::to_string(number);
    if (!taken.contains(name)) names.push_back(std::move(name));
  }
  return names;
}

bool Launcher::is_own(const std::string& worker) const {
  const std::string before = pool_ + "-";
  return worker.size() > before.size() && worker.starts_with(before) &&
         std::all_of(worker.begin() + static_cast<std::ptrdiff_t>(before.size()), worker.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace zonda::cli
