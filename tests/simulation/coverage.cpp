#include "tests/simulation/coverage.h"

#include <zonda/detail/reader.h>

#include <cstdio>

#include "proto/frame.h"

namespace zonda::sim {

void Coverage::note(std::string_view frame, Fault fault) {
  if (frame.size() < 4) return;
  detail::Reader reader(frame);  // header: magic, version, type
  reader.array();
  reader.integer<int>();
  reader.integer<int>();
  ++counts_[{static_cast<MessageType>(reader.integer<std::uint8_t>()), fault}];
}

void Coverage::add(const Coverage& other) {
  for (const auto& [key, count] : other.counts_) counts_[key] += count;
}

std::uint64_t Coverage::count(MessageType type, Fault fault) const {
  const auto at = counts_.find({type, fault});
  return at == counts_.end() ? 0 : at->second;
}

std::string Coverage::table() const {
  std::string text = "message           undisturbed      dropped      doubled        reset  partitioned\n";
  std::map<MessageType, int> types;
  for (const auto& [key, count] : counts_) types[key.first] = 1;
  for (const auto& [type, one] : types) {
    char line[128];
    std::snprintf(line, sizeof line, "%-14s %13llu %12llu %12llu %12llu %12llu\n", name_of(type),
                  static_cast<unsigned long long>(count(type, Fault::None)),
                  static_cast<unsigned long long>(count(type, Fault::Drop)),
                  static_cast<unsigned long long>(count(type, Fault::Duplicate)),
                  static_cast<unsigned long long>(count(type, Fault::Reset)),
                  static_cast<unsigned long long>(count(type, Fault::Partition)));
    text += line;
  }
  return text;
}

}  // namespace zonda::sim
