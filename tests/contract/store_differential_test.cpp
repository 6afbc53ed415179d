// Random commits into all stores at once, with restarts in between: each must tell the same as the one in
// memory. ZONDA_SEED=N repeats a run.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "tests/contract/random_commits.h"
#include "tests/contract/store_under_test.h"

using namespace zonda;

namespace {

std::string text_of(const Payload& payload) {
  return std::string(payload.kinds) + "|" + std::string(payload.column.lengths) + "|" +
         std::string(payload.column.payloads);
}

void compare_replays(std::vector<std::unique_ptr<StoreUnderTest>>& stores, std::uint64_t payload_bytes) {
  std::vector<std::string> expected;
  for (std::size_t at = 0; at < stores.size(); ++at) {
    CAPTURE(kStores[at].name);
    stores[at]->reopen();
    const std::vector<std::string> told = replayed_bytes(**stores[at], payload_bytes);
    if (at == 0)
      expected = told;
    else
      REQUIRE(told == expected);
  }
}

void run(std::uint64_t seed) {
  CAPTURE(seed);
  RandomCommits commits(seed);
  std::vector<std::unique_ptr<StoreUnderTest>> stores;
  for (const StoreKind& each : kStores) stores.push_back(each.make());
  for (int turn = 0; turn < 150; ++turn) {
    const std::vector<Record> records = commits.next();
    const bool wait = commits.below(3) == 0;
    const std::uint64_t last = commits.below(30);
    const PayloadName name = commits.some_payload();
    std::string expected;
    for (const auto& store : stores) {
      const std::uint64_t number = (*store)->commit(records);
      if (wait) wait_until_committed(**store, number);
      if (last != 1) continue;
      const std::string told = text_of(read_back(**store, name));
      if (store == stores.front()) expected = told;
      REQUIRE(told == expected);
    }
    if (last == 0) compare_replays(stores, commits.below(3) == 0 ? commits.below(50'000) : ~0ULL);
  }
  compare_replays(stores, ~0ULL);
}

}  // namespace

TEST_CASE("random commits and restarts come back from every store alike") {
  if (const char* seed = std::getenv("ZONDA_SEED"); seed != nullptr)
    return run(std::strtoull(seed, nullptr, 10));
  std::random_device random;
  const char* rounds = std::getenv("ZONDA_ROUNDS");
  for (std::uint64_t left = rounds == nullptr ? 10 : std::strtoull(rounds, nullptr, 10); left > 0; --left)
    run((std::uint64_t{random()} << 32) | random());
}
