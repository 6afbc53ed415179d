// How many descriptors this process may open; each connection of a peer takes one.
#pragma once

#include <cstdint>

namespace zonda {

// Raises the soft limit to the hard one and returns what is in force. At the limit libzmq cannot accept and
// its I/O thread spins at 100 %, so a broker calls this at its start and refuses peers before the limit is
// reached.
std::uint64_t raise_descriptor_limit();

}  // namespace zonda
