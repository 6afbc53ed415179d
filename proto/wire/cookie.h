// Other users of a machine can reach its loopback ports, so peers on tcp show a cookie that only their own
// user can read: 32 random characters in the file `cookie` of the user's runtime directory, made by whoever
// comes first, broker or peer, and kept. It names the user, not a broker, so it survives restarts.
#pragma once

#include <string>

namespace zonda {

// This user's cookie; made if there is none. Throws std::runtime_error if the directory or the file is
// somebody else's, a link, or open to others.
std::string user_cookie();

// $XDG_RUNTIME_DIR/zonda, or /tmp/zonda-UID if there is no such directory: created, 0700, checked to be ours
// alone. Also where detached processes leave their names.
std::string runtime_directory();

}  // namespace zonda
