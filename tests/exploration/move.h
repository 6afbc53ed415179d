// What can happen next. A run is the default, the oldest that waits, at every step but for some deviations.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/exploration/lane_network.h"

namespace zonda::sim {

struct Move {
  enum class Kind : std::uint8_t {
    Next,    // the oldest that is not held arrives; if there is none, time passes until there is one
    First,   // this lane's first arrives
    Lose,    // the oldest is lost
    Double,  // the oldest arrives, and will arrive again
    Hold,    // this lane's frames wait for longer than a lease
    Break,   // this peer's connection breaks, with what is on it
    Kill,    // this worker (1 or 2) dies, and another joins
    Crash,   // the broker dies, and so many commits that were under way survive; another starts at once
    Stop,    // the broker is asked to stop; another starts
    Time,    // time passes until something happens, before the oldest arrives
    Lease,   // more time passes than a lease
    kCount
  };
  Kind kind = Kind::Next;
  Lane lane;                 // First, Hold
  std::uint64_t number = 0;  // Break: peer; Kill: worker; Crash: commits

  friend bool operator==(const Move&, const Move&) = default;
};

struct Deviation {
  std::uint32_t step = 0;
  Move move;
};
using Decisions = std::vector<Deviation>;  // their steps grow

using Kinds = std::set<Move::Kind>;

std::string_view name_of(Move::Kind kind);
std::optional<Kinds> parse_kinds(std::string_view text);  // "break,crash"
std::string to_string(const Move& move);
std::string to_string(const Decisions& decisions);  // "12:crash/1,15:lose"
std::optional<Decisions> parse_decisions(std::string_view text);

}  // namespace zonda::sim
