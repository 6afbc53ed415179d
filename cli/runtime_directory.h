// The user's own directory for things that live as long as a machine is up.
#pragma once

#include <string>

namespace zonda::cli {

// $XDG_RUNTIME_DIR/zonda, else /run/user/UID/zonda, else /tmp/zonda-UID. Made if absent, mode 0700.
// Throws Complaint if it belongs to somebody else or others can write to it.
std::string runtime_directory();

}  // namespace zonda::cli
