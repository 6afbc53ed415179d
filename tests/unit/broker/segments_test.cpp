#include "broker/core/segments.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace zonda;

namespace {

SegmentState leased(std::uint64_t lease) {
  SegmentState state;
  state.state = TaskState::Leased;
  state.token = {1, lease};
  return state;
}

struct Part {
  IndexRange range;
  SegmentState state;
  friend bool operator==(const Part&, const Part&) = default;
};

std::vector<Part> parts_of(const Segments& segments, IndexRange range) {
  std::vector<Part> parts;
  segments.for_each(range, [&](IndexRange part, const SegmentState& state) {
    parts.push_back({part, state});
  });
  return parts;
}

}  // namespace

TEST_CASE("ten million new tasks are one segment, and a lease cuts off its front") {
  Segments segments;
  segments.append({0, 10'000'000});
  segments.put({0, 64}, leased(1));
  CHECK(parts_of(segments, {0, 10'000'000}) ==
        std::vector<Part>{{{0, 64}, leased(1)}, {{64, 10'000'000}, {}}});
  CHECK(segments.first_ready() == IndexRange{64, 10'000'000});
}

TEST_CASE("tasks that come back are one segment with their equal neighbours again") {
  Segments segments;
  segments.append({0, 30});
  segments.put({10, 20}, leased(1));
  segments.put({10, 20}, {});
  CHECK(parts_of(segments, {0, 30}) == std::vector<Part>{{{0, 30}, {}}});
}

TEST_CASE("tasks that are done are in no segment") {
  Segments segments;
  segments.append({0, 3});
  segments.erase({1, 2});
  CHECK(segments.find(1) == nullptr);
  CHECK(parts_of(segments, {0, 3}).size() == 2);
  segments.erase({0, 3});
  CHECK(segments.empty());
  CHECK_FALSE(segments.first_ready());
}

TEST_CASE("an empty or an inverted range touches nothing") {
  Segments segments;
  segments.append({0, 3});
  segments.erase({2, 2});
  segments.erase({3, 1});
  CHECK(parts_of(segments, {2, 2}).empty());
  CHECK(parts_of(segments, {0, 3}).size() == 1);
}

// The naive model: a state for each task.
TEST_CASE("random changes leave the segments as a table of single tasks would be") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  constexpr std::uint64_t kTasks = 60;
  Segments segments;
  std::vector<std::optional<SegmentState>> model(kTasks, SegmentState{});
  segments.append({0, kTasks / 2});
  segments.append({kTasks / 2, kTasks});
  for (int round = 0; round < 20'000; ++round) {
    const std::uint64_t lo = random() % kTasks;
    const std::uint64_t hi = lo + 1 + random() % (kTasks - lo);
    const bool erase = random() % 50 == 0;
    SegmentState state = leased(random() % 3);
    if (random() % 2 == 0) state = SegmentState{};
    if (random() % 5 == 0) state.state = TaskState::Delayed;
    if (erase)
      segments.erase({lo, hi});
    else
      segments.put({lo, hi}, state);
    for (std::uint64_t index = lo; index < hi; ++index)
      model[index] = erase ? std::nullopt : std::optional(state);
    std::optional<std::uint64_t> first_ready;
    for (std::uint64_t index = 0; index < kTasks; ++index) {
      const SegmentState* found = segments.find(index);
      REQUIRE((found != nullptr) == model[index].has_value());
      if (found == nullptr) continue;
      REQUIRE(*found == *model[index]);
      if (!first_ready && found->state == TaskState::Ready) first_ready = index;
    }
    const std::optional<IndexRange> ready = segments.first_ready();
    REQUIRE(ready.has_value() == first_ready.has_value());
    if (ready) REQUIRE(ready->lo == *first_ready);
  }
}
