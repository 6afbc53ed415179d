#include "tests/exploration/explorer.h"

#include <cstdio>

#include "tests/exploration/world.h"

namespace zonda::sim {
namespace {

Decisions under_way;

// What the decisions say of this step; `done`: so many of them were made before.
Move move_at(const Decisions& decisions, std::uint32_t step, std::size_t& done) {
  if (done == decisions.size() || decisions[done].step != step) return {};
  return decisions[done++].move;
}

}  // namespace

const Decisions& decisions_under_way() { return under_way; }

std::vector<Decisions> Explorer::run(const Decisions& decisions) {
  under_way = decisions;
  ++figures_.runs;
  if (!decisions.empty()) ++figures_.moves[static_cast<std::size_t>(decisions.back().move.kind)];
  const std::uint64_t left = deviations_max_ - decisions.size();
  std::vector<Decisions> longer;
  std::uint32_t step = 0;
  try {
    World world;
    for (std::size_t done = 0; !world.is_over(); ++step) {
      if (done == decisions.size()) {
        world.check();
        if (!seen_.insert(world.digest(), left)) {
          ++figures_.merged;
          break;
        }
        for (const Move& move : left > 0 ? world.deviations() : std::vector<Move>()) {
          if (!may_follow(move, left)) continue;
          longer.push_back(decisions);
          longer.back().push_back({step, move});
        }
      }
      world.make(move_at(decisions, step, done));
    }
    if (world.is_over()) {
      world.check();
      ends_.insert(world.digest());
    }
  } catch (const Violation& violation) {
    ++figures_.violations;
    figures_.first_of.try_emplace(violation.what(), to_string(decisions));
  }
  figures_.steps += step;
  figures_.longest = std::max(figures_.longest, step);
  figures_.states = seen_.size();
  figures_.ends = ends_.size();
  return longer;
}

// Those with fewer deviations come first, so that most states are met first with most of them left; those
// with the most are not kept.
const Figures& Explorer::run_all() {
  std::vector<Decisions> level{{}};
  for (std::uint64_t deviations = 0; deviations <= deviations_max_; ++deviations) {
    std::vector<Decisions> next;
    for (const Decisions& decisions : level) {
      std::vector<Decisions> longer = run(decisions);
      if (stop_(figures_)) return figures_;
      if (deviations + 1 < deviations_max_) {
        next.insert(next.end(), std::make_move_iterator(longer.begin()),
                    std::make_move_iterator(longer.end()));
        continue;
      }
      for (const Decisions& last : longer) {
        run(last);
        if (stop_(figures_)) return figures_;
      }
    }
    level = std::move(next);
  }
  return figures_;
}

std::string replay(const Decisions& decisions) {
  under_way = decisions;
  std::size_t done = 0;
  std::uint32_t step = 0;
  try {
    World world;
    for (; !world.is_over(); ++step) {
      const std::string next = world.next();
      const Move move = move_at(decisions, step, done);
      const std::string what = move.kind == Move::Kind::Next ? "" : "   <- " + to_string(move);
      std::printf("%4u  %8.3f s  %s%s\n", step, world.seconds(), next.c_str(), what.c_str());
      world.make(move);
      world.check();
    }
    world.check();
  } catch (const Violation& violation) {
    return violation.what();
  }
  return done == decisions.size() ? std::string() : "the run is over before the last deviation";
}

}  // namespace zonda::sim
