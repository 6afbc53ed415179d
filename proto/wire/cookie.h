// Other users of a machine can reach its loopback ports, so a broker on tcp writes a cookie where only its
// own user can read it, and peers of that user show it in HELLO. The file is cookie-PORT in
// $XDG_RUNTIME_DIR/zonda, or in /tmp/zonda-UID if there is no such directory: 0600 in 0700, owned by us, no
// links.
#pragma once

#include <cstdint>
#include <string>

namespace zonda {

std::string new_cookie();  // 32 random characters
// Throws std::runtime_error if the directory is somebody else's.
void write_cookie(std::uint16_t port, const std::string& cookie);
// Empty if there is none that is ours.
std::string read_cookie(std::uint16_t port);
void remove_cookie(std::uint16_t port, const std::string& cookie);  // if it is still this one
// The directory above, created and checked. Also where detached processes leave their names.
std::string runtime_directory();

}  // namespace zonda
