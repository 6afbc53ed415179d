#include "tests/simulation/coverage.h"

#include <zonda/detail/reader.h>

#include <cstdio>
#include <type_traits>
#include <variant>

#include "proto/frame.h"

namespace zonda::sim {
namespace {

constexpr const char* kFaultNames[] = {"undisturbed", "dropped", "doubled", "reset", "cut", "crash"};
constexpr const char* kStateNames[] = {"serving", "saving", "stalled", "recovering"};
static_assert(std::size(kFaultNames) == static_cast<std::size_t>(Fault::kCount));
static_assert(std::size(kStateNames) == static_cast<std::size_t>(BrokerState::kCount));

template <class F>
void for_each_fault(F&& f) {
  for (std::uint8_t fault = 0; fault < static_cast<std::uint8_t>(Fault::kCount); ++fault)
    f(static_cast<Fault>(fault));
}

template <class F>
void for_each_state(F&& f) {
  for (std::uint8_t state = 0; state < static_cast<std::uint8_t>(BrokerState::kCount); ++state)
    f(static_cast<BrokerState>(state));
}

template <class... Each>
constexpr std::array<MessageType, sizeof...(Each)> all_types(std::type_identity<std::variant<Each...>>) {
  return {Each::type...};
}

}  // namespace

MessageType type_of(std::string_view frame) {
  detail::Reader reader(frame);  // header: magic, version, type
  reader.array();
  reader.integer<int>();
  reader.integer<int>();
  return static_cast<MessageType>(reader.integer<std::uint8_t>());
}

std::uint64_t Coverage::count(MessageType type, Fault fault) const {
  std::uint64_t sum = 0;
  for_each_state([&](BrokerState state) { sum += count(type, state, fault); });
  return sum;
}

std::string Coverage::table() const {
  char line[128];
  std::snprintf(line, sizeof line, "%-14s %-10s", "message", "broker");
  std::string text = line;
  for (const char* name : kFaultNames) {
    std::snprintf(line, sizeof line, " %12s", name);
    text += line;
  }
  text += "\n";
  for (std::size_t number = 0; number < kTypes; ++number) {
    const auto type = static_cast<MessageType>(number);
    for_each_state([&](BrokerState state) {
      std::uint64_t sum = 0;
      std::string cells;
      for_each_fault([&](Fault fault) {
        sum += count(type, state, fault);
        std::snprintf(line, sizeof line, " %12llu",
                      static_cast<unsigned long long>(count(type, state, fault)));
        cells += line;
      });
      if (sum == 0) return;
      std::snprintf(line, sizeof line, "%-14s %-10s", name_of(type),
                    kStateNames[static_cast<std::size_t>(state)]);
      text += line + cells + "\n";
    });
  }
  return text;
}

std::string Coverage::rare_pairs(std::uint64_t least) const {
  std::string text;
  for (const MessageType type : all_types(std::type_identity<Message>())) {
    if (type == MessageType::Piece) continue;  // nothing here is longer than a frame
    if (type == MessageType::Enrol || type == MessageType::Enrolled) continue;  // nor has a key
    for_each_fault([&](Fault fault) {
      const std::uint64_t met = count(type, fault);
      if (met >= least) return;
      text += std::string(name_of(type)) + " " + kFaultNames[static_cast<std::size_t>(fault)] + ": " +
              std::to_string(met) + "\n";
    });
  }
  return text;
}

}  // namespace zonda::sim
