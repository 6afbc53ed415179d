// All runs with at most so many deviations; or those of them whose last one is of certain kinds.
//
// The cores cannot be copied, so a run begins at the beginning and is told by its deviations. It is left when
// it comes to a state that another run was in with as many deviations left, or more: that run had the same
// future, and all deviations from it were tried (World::digest() says what a state is). So no run is
// skipped of which the same was not done, but for two states with the same 62 bits of digest.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "tests/exploration/move.h"
#include "tests/exploration/seen_states.h"

namespace zonda::sim {

struct Figures {
  std::uint64_t runs = 0;
  std::uint64_t merged = 0;  // of them, left in a state that was met before
  std::uint64_t steps = 0;
  std::uint64_t states = 0;
  std::uint64_t ends = 0;  // states in which a run was over
  std::uint64_t violations = 0;
  std::uint32_t longest = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(Move::Kind::kCount)> moves{};  // last deviation of a run
  std::map<std::string, std::string> first_of;  // what was wrong → the first decisions that show it
};

class Explorer {
 public:
  // `last`: kinds of the last of so many; none: any. `stop`: asked after each run.
  Explorer(std::uint64_t deviations_max, Kinds last, std::function<bool(const Figures&)> stop)
      : deviations_max_(deviations_max), last_(std::move(last)), stop_(std::move(stop)) {}

  const Figures& run_all();

 private:
  std::vector<Decisions> run(const Decisions& decisions);  // returns those with one more

  bool may_follow(const Move& move, std::uint64_t left) const {
    return left > 1 || last_.empty() || last_.contains(move.kind);
  }

  std::uint64_t deviations_max_;
  Kinds last_;
  std::function<bool(const Figures&)> stop_;
  SeenStates seen_;
  std::unordered_set<std::uint64_t> ends_;
  Figures figures_;
};

// One run, told step by step on stdout. Returns what was wrong, or nothing.
std::string replay(const Decisions& decisions);

// The decisions of the run that is under way: for whoever must tell why the process aborts.
const Decisions& decisions_under_way();

}  // namespace zonda::sim
