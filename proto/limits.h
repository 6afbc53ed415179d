// Every bound on the wire, named once. PROTOCOL.md quotes them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace zonda {

inline constexpr std::uint8_t kProtocolMin = 1;
inline constexpr std::uint8_t kProtocolMax = 1;

inline constexpr std::size_t kControlFrameBytesMax = 64 * 1024;  // HELLO, QUERY and all that is not bulk
inline constexpr std::size_t kFrameBytesMax = 16 * 1024 * 1024;  // larger messages travel in pieces
inline constexpr std::size_t kPieceBytes = 1024 * 1024;          // payload of one piece
inline constexpr std::uint64_t kPayloadBytesMax = 1ULL << 30;    // one task's arguments or outcome
inline constexpr std::uint32_t kBatchTasksMax = 16'384;          // tasks in one APPEND, accepted at most
inline constexpr std::uint32_t kFrameTasks = 1'024;              // tasks a sender puts in one frame
inline constexpr std::size_t kFrameBytes = 128 * 1024;           // payload bytes a sender puts in one frame
inline constexpr std::uint64_t kOutputWindow = 4 << 20;          // live output on its way to who watches
inline constexpr std::size_t kNameBytesMax = 128;                // [A-Za-z0-9._-]{1,128}
inline constexpr std::size_t kKeyBytesMax = 1'024;
inline constexpr std::size_t kTextBytesMax = 16 * 1024;  // error texts, addresses, signatures
inline constexpr std::size_t kListMax = 4'096;           // functions, labels, resources in one message
inline constexpr std::size_t kPageEntries = 1'024;       // entries of a paged list in one frame

// Ten years. Longer times would overflow a clock and mean nothing to anybody.
inline constexpr std::uint64_t kDurationMsMax = 10ULL * 366 * 24 * 3'600'000;
inline constexpr std::chrono::milliseconds kHeartbeat{3'000};   // a peer that sent nothing else says so
inline constexpr std::chrono::milliseconds kLease{15'000};      // a session that is silent for longer is over
inline constexpr std::chrono::milliseconds kHelloRetry{1'000};  // a HELLO without answer is repeated

// How often a worker that holds no task and no outcome says a heartbeat.
constexpr std::chrono::milliseconds idle_heartbeat(std::chrono::milliseconds heartbeat,
                                                   std::chrono::milliseconds lease) {
  return std::max(heartbeat, lease / 3);
}

}  // namespace zonda
