// What every store promises: see broker/store/store.h. A new one is added to kStores and nothing else.
#include "broker/store/store.h"

#include <catch2/catch.hpp>

#include "tests/contract/store_under_test.h"
#include "tests/unit/broker/brief.h"

using namespace zonda;

namespace {

// What comes back after the store was closed and opened again.
std::vector<std::string> replayed(StoreUnderTest& store) {
  store.reopen();
  Brief brief;
  for (std::uint8_t number = 1; number < 9; ++number) brief.name(job_id(number));
  std::vector<std::string> all;
  store->replay(~0ULL, [&](Record& record) { all.push_back(brief(record)); });
  return all;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("commits are numbered one by one, also empty ones") {
  for (const StoreKind& each : kStores) {
    CAPTURE(each.name);
    const auto store_ = each.make();
    StoreUnderTest& store = *store_;
    const std::uint64_t first = commit(*store, {opened(1)});
    CHECK(commit(*store, {}) == first + 1);
    CHECK(commit(*store, {appended(1, 0, 1, "a")}) == first + 2);
    CHECK(store->committed() == first + 2);
  }
}

TEST_CASE("a new store has nothing to tell") {
  for (const StoreKind& each : kStores) {
    CAPTURE(each.name);
    const auto store_ = each.make();
    StoreUnderTest& store = *store_;
    CHECK(replayed(store).empty());
  }
}

TEST_CASE("what comes back can be applied: a job, its batches, its outcomes") {
  for (const StoreKind& each : kStores) {
    CAPTURE(each.name);
    const auto store_ = each.make();
    StoreUnderTest& store = *store_;
    commit(*store, {opened(1), opened(2), appended(2, 0, 1, "a")});
    commit(*store, {appended(1, 0, 2, "a"), finished(1, 0, 1, 1, "r")});
    commit(*store, {appended(1, 2, 1, "a"), record::Closed{job_id(1), 3, false}, finished(1, 1, 0, 1, "r")});
    CHECK(replayed(store) == Lines{"opened job=1", "appended job=1 [2,3)", "finished job=1 [1,2)",
                                   "finished job=1 [0,1)", "closed job=1 count=3", "opened job=2",
                                   "appended job=2 [0,1)"});
  }
}

TEST_CASE("outcomes that were released do not come back, their place does") {
  for (const StoreKind& each : kStores) {
    CAPTURE(each.name);
    const auto store_ = each.make();
    StoreUnderTest& store = *store_;
    commit(*store, {opened(1), appended(1, 0, 3, "a"), finished(1, 0, 0, 1, "r"), finished(1, 1, 1, 2, "r")});
    commit(*store, {record::Released{job_id(1), 1, {}, {}}});
    CHECK(replayed(store) == Lines{"opened job=1", "released job=1 upto=1 [0,1)", "finished job=1 [1,3)"});
  }
}

TEST_CASE("of a job that was forgotten nothing comes back") {
  for (const StoreKind& each : kStores) {
    CAPTURE(each.name);
    const auto store_ = each.make();
    StoreUnderTest& store = *store_;
    commit(*store, {opened(1), appended(1, 0, 1, "a"), opened(2)});
    commit(*store, {record::Forgotten{job_id(1)}});
    CHECK(replayed(store) == Lines{"opened job=2"});
  }
}

TEST_CASE("every field and every byte comes back as it was") {
  for (const StoreKind& each : kStores) {
    CAPTURE(each.name);
    const auto store_ = each.make();
    StoreUnderTest& store = *store_;
    const std::string bytes("\0\xff\n", 3);
    commit(*store, {opened(1), appended(1, 5, 2, bytes), finished(1, 0, 6, 1, bytes, std::string(1, '\3'))});
    store.reopen();
    store->replay(~0ULL, [&](Record& any) {
      if (const auto* job = std::get_if<record::Opened>(&any)) {
        CHECK(job->spec == opened(1).spec);
        CHECK(job->client == "me");
        CHECK(job->at == opened(1).at);
      } else if (const auto* batch = std::get_if<record::Appended>(&any)) {
        CHECK(batch->first == 5);
        CHECK(batch->arguments == appended(1, 5, 2, bytes).arguments);
        CHECK(batch->at == appended(1, 5, 2, bytes).at);
      } else {
        const auto& outcome = std::get<record::Finished>(any);
        CHECK(outcome.first == 6);
        CHECK(outcome.attempt == 2);
        CHECK(outcome.worker == "w");
        CHECK(outcome.kinds == "\3");
        CHECK(outcome.outcomes == finished(1, 0, 6, 1, bytes, std::string(1, '\3')).outcomes);
      }
    });
  }
}

TEST_CASE("a job that is opened again after it was forgotten is another") {
  for (const StoreKind& each : kStores) {
    CAPTURE(each.name);
    const auto store_ = each.make();
    StoreUnderTest& store = *store_;
    commit(*store, {opened(1), appended(1, 0, 1, "a"), record::Forgotten{job_id(1)}, opened(1)});
    CHECK(replayed(store) == Lines{"opened job=1"});
  }
}
