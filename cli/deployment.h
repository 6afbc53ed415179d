// What workers elsewhere are given: where the broker is, and a key.
#pragma once

#include <string>

namespace zonda::cli {

// Both throw Complaint (usage). The address as it was named, if workers can connect to it.
std::string broker_for_workers(const std::string& named);
// The file of a worker's key, as an absolute path: that file, or the one in that directory. Empty if nothing
// is named.
std::string key_for_workers(const std::string& named);

}  // namespace zonda::cli
