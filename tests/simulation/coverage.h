// How often each message type met each fault: what makes a number of seeds mean something.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "proto/messages.h"

namespace zonda::sim {

enum class Fault : std::uint8_t { None, Drop, Duplicate, Reset, Partition, kCount };

class Coverage {
 public:
  void note(std::string_view frame, Fault fault);
  void add(const Coverage& other);
  std::string table() const;
  std::uint64_t count(MessageType type, Fault fault) const;

 private:
  std::map<std::pair<MessageType, Fault>, std::uint64_t> counts_;
};

}  // namespace zonda::sim
