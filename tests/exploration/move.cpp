#include "tests/exploration/move.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace zonda::sim {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Move::Kind::kCount)> kNames = {
    "next", "first", "lose", "double", "hold", "break", "kill", "crash", "stop", "time", "lease"};

std::string_view until(std::string_view& rest, char end) {
  const std::size_t at = std::min(rest.find(end), rest.size());
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return part;
}

template <class T>
bool parse_number(std::string_view text, T& number) {
  return std::from_chars(text.data(), text.data() + text.size(), number).ptr == text.data() + text.size();
}

bool has_lane(Move::Kind kind) { return kind == Move::Kind::First || kind == Move::Kind::Hold; }

bool has_number(Move::Kind kind) {
  return kind == Move::Kind::Break || kind == Move::Kind::Kill || kind == Move::Kind::Crash;
}

std::optional<Move> parse_move(std::string_view text) {
  const std::string_view name = until(text, '/');
  Move move;
  for (std::size_t at = 0; at < kNames.size(); ++at) {
    if (kNames[at] != name) continue;
    move.kind = static_cast<Move::Kind>(at);
    if (has_number(move.kind) && !parse_number(text, move.number)) return std::nullopt;
    if (!has_lane(move.kind)) return move;
    if (text.empty() || std::string_view("udsy").find(text.back()) == std::string_view::npos)
      return std::nullopt;
    move.lane.way = static_cast<Way>(text.back());
    text.remove_suffix(1);
    if (!parse_number(text, move.lane.peer)) return std::nullopt;
    return move;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Move::Kind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

std::string to_string(const Move& move) {
  std::string text(name_of(move.kind));
  if (has_lane(move.kind)) text += "/" + std::to_string(move.lane.peer) + static_cast<char>(move.lane.way);
  if (has_number(move.kind)) text += "/" + std::to_string(move.number);
  return text;
}

std::string to_string(const Decisions& decisions) {
  std::string text;
  for (const Deviation& each : decisions)
    text += (text.empty() ? "" : ",") + std::to_string(each.step) + ":" + to_string(each.move);
  return text;
}

std::optional<Kinds> parse_kinds(std::string_view text) {
  Kinds kinds;
  while (!text.empty()) {
    const auto* const name = std::find(kNames.begin(), kNames.end(), until(text, ','));
    if (name == kNames.end() || name == kNames.begin()) return std::nullopt;  // next is no deviation
    kinds.insert(static_cast<Move::Kind>(name - kNames.begin()));
  }
  return kinds;
}

std::optional<Decisions> parse_decisions(std::string_view text) {
  Decisions decisions;
  while (!text.empty()) {
    std::string_view part = until(text, ',');
    Deviation deviation;
    if (!parse_number(until(part, ':'), deviation.step)) return std::nullopt;
    const std::optional<Move> move = parse_move(part);
    if (!move || (!decisions.empty() && deviation.step <= decisions.back().step)) return std::nullopt;
    deviation.move = *move;
    decisions.push_back(deviation);
  }
  return decisions;
}

}  // namespace zonda::sim
