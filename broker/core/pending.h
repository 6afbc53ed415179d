// Questions and orders that are answered when a disk is done with something.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "broker/core/payload.h"

namespace zonda {

// It waits for payloads; and what of these was read.
struct PendingQuestion {
  std::uint64_t session = 0;
  std::uint64_t id = 0;
  std::string what;
  std::string arguments;
  std::set<PayloadName> missing;
  std::map<PayloadName, Payload> found;
  std::map<std::uint64_t, std::string> inputs;  // of failed tasks, as far as they were read
};

struct PendingBackup {
  std::uint64_t session = 0;
  std::uint64_t id = 0;
  std::string to;
};

}  // namespace zonda
