// Tells a broker's own user from others of the same machine: a secret in a file that only that user can read.
// For tcp on loopback; an ipc directory has permissions of its own.
#pragma once

#include <cstdint>
#include <string>

namespace zonda {

// What the broker at this port wrote; empty if there is nothing, or if it is not ours alone. Looks in
// $XDG_RUNTIME_DIR/zonda, then in /tmp/zonda-<uid>.
std::string read_cookie(std::uint16_t port);

// Writes it where read_cookie() looks first, in place of an older one. Makes the directory; throws
// std::runtime_error if that is a symlink, or somebody else's, or cannot be written.
void write_cookie(std::uint16_t port, const std::string& cookie);
void remove_cookie(std::uint16_t port) noexcept;

}  // namespace zonda
