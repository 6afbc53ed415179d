// How often each message type met each fault, and in which state of the broker: what makes a number of seeds
// mean something.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/messages.h"

namespace zonda::sim {

enum class Fault : std::uint8_t {
  None,
  Drop,       // lost alone
  Duplicate,  // arrived twice
  Reset,      // lost with its connection
  Cut,        // lost without a word: a partition, or a connection that died in one
  Crash,      // in flight when the broker ended; counted as undisturbed or doubled, too
  kCount
};

enum class BrokerState : std::uint8_t {
  Serving,
  Saving,      // frames wait for the disk
  Stalled,     // as by SIGSTOP
  Recovering,  // workers of before its start are not back
  kCount
};

MessageType type_of(std::string_view frame);

class Coverage {
 public:
  void note(MessageType type, BrokerState state, Fault fault) {
    ++counts_.at(number(type))[number(state)][number(fault)];
  }
  // In a state, or in all.
  std::uint64_t count(MessageType type, BrokerState state, Fault fault) const {
    return counts_.at(number(type))[number(state)][number(fault)];
  }
  std::uint64_t count(MessageType type, Fault fault) const;
  // A line for each message type and state that occurred.
  std::string table() const;
  // Pairs of a message type and a fault that met less often than this; of all types but those that no
  // simulated peer says.
  std::string rare_pairs(std::uint64_t least) const;

 private:
  static constexpr std::size_t kTypes = 64;
  static constexpr auto kStates = static_cast<std::size_t>(BrokerState::kCount);
  static constexpr auto kFaults = static_cast<std::size_t>(Fault::kCount);

  template <class Enum>
  static constexpr std::size_t number(Enum value) {
    return static_cast<std::size_t>(value);
  }

  std::array<std::array<std::array<std::uint64_t, kFaults>, kStates>, kTypes> counts_{};
};

}  // namespace zonda::sim
