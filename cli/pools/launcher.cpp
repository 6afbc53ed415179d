#include "cli/pools/launcher.h"

namespace zonda::cli {

std::vector<std::string> Launcher::free_names(std::uint64_t count, const std::set<std::string>& taken) const {
  std::vector<std::string> names;
  for (std::uint64_t number = 1; names.size() < count; ++number) {
    std::string name = pool_ + "-" + std::to_string(number);
    if (!taken.contains(name)) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace zonda::cli
