// What passed through a wire and what did not: libzmq drops in silence, only counting shows it.
#pragma once

#include <cstdint>

namespace zonda {

struct PortCounters {
  std::uint64_t frames_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t bytes_out = 0;
};

struct WireCounters {
  PortCounters front;  // of a peer: its two-way lane, whichever port it leads to
  PortCounters back;
  PortCounters sink;
  std::uint64_t full = 0;                // sends a full lane did not take at once
  std::uint64_t unreachable = 0;         // frames dropped because their connection was gone
  std::uint64_t overflowed = 0;          // connections given up because too much waited for them
  std::uint64_t multipart_dropped = 0;   // messages of several frames: never ours
  std::uint64_t keyless_dropped = 0;     // frames that show no key where one is needed: a defence in depth
  std::uint64_t named_peer_dropped = 0;  // frames of peers that chose their own routing id
};

}  // namespace zonda
