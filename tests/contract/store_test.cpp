// What every store promises: see broker/store/store.h. A new one is added to `stores` and nothing else.
#include "broker/store/store.h"

#include <catch2/catch.hpp>
#include <memory>

#include "broker/store/memory_store.h"
#include "proto/digest.h"
#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;

namespace {

struct MakeStore {
  const char* name;
  std::unique_ptr<Store> (*make)();
};

const MakeStore kStores[] = {
    {"memory", [] { return std::unique_ptr<Store>(std::make_unique<MemoryStore>(Keep::Records)); }},
};

JobId job_id(std::uint8_t number) {
  JobId id;
  id.bytes[15] = number;
  return id;
}

record::Opened opened(std::uint8_t number) {
  JobSpec spec = job_of();
  spec.name = "name";
  spec.resources = {{"gpu", 0.5}};
  return {job_id(number), spec, "me", job_id(200), 7, UtcTime(std::chrono::seconds(100))};
}

record::Appended appended(std::uint8_t number, std::uint64_t first, std::uint64_t count,
                          const std::string& value) {
  const Values values(count, value);
  record::Appended record;
  record.job = job_id(number);
  record.first = first;
  record.count = static_cast<std::uint32_t>(count);
  record.digest = digest(values.column());
  record.at = UtcTime(std::chrono::seconds(200));
  record.slab = Slab(values.lengths, values.payloads);
  record.bytes = record.slab.size();
  const std::string_view bytes = record.slab.view();
  record.arguments = {bytes.substr(0, values.lengths.size()), bytes.substr(values.lengths.size())};
  return record;
}

record::Finished finished(std::uint8_t number, std::uint64_t position, std::uint64_t first,
                          std::uint64_t count, const std::string& value, const std::string& kinds = {}) {
  const Values values(count, value);
  record::Finished record;
  record.job = job_id(number);
  record.position = position;
  record.first = first;
  record.count = static_cast<std::uint32_t>(count);
  record.attempt = 2;
  record.at = UtcTime(std::chrono::seconds(300));
  record.worker = "w";
  std::string head = values.lengths;
  head += kinds;
  record.slab = Slab(head, values.payloads);
  record.bytes = record.slab.size();
  const std::string_view bytes = record.slab.view();
  record.kinds = bytes.substr(values.lengths.size(), kinds.size());
  record.outcomes = {bytes.substr(0, values.lengths.size()),
                     bytes.substr(values.lengths.size() + kinds.size())};
  return record;
}

std::uint64_t commit(Store& store, std::vector<Record> records) {
  const std::uint64_t number = store.commit(std::move(records));
  while (store.committed() < number) {
  }
  return number;
}

std::vector<std::string> replayed(Store& store) {
  Brief brief;
  for (std::uint8_t number = 1; number < 9; ++number) brief.name(job_id(number));
  std::vector<std::string> all;
  store.replay(~0ULL, [&](Record& record) { all.push_back(brief(record)); });
  return all;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("commits are numbered one by one, also empty ones") {
  for (const MakeStore& each : kStores) {
    CAPTURE(each.name);
    const auto store = each.make();
    const std::uint64_t first = commit(*store, {opened(1)});
    CHECK(commit(*store, {}) == first + 1);
    CHECK(commit(*store, {appended(1, 0, 1, "a")}) == first + 2);
    CHECK(store->committed() == first + 2);
  }
}

TEST_CASE("a new store has nothing to tell") {
  for (const MakeStore& each : kStores) {
    CAPTURE(each.name);
    const auto store = each.make();
    CHECK(replayed(*store).empty());
  }
}

TEST_CASE("what comes back can be applied: a job, its batches, its outcomes") {
  for (const MakeStore& each : kStores) {
    CAPTURE(each.name);
    const auto store = each.make();
    commit(*store, {opened(1), opened(2), appended(2, 0, 1, "a")});
    commit(*store, {appended(1, 0, 2, "a"), finished(1, 0, 1, 1, "r")});
    commit(*store, {appended(1, 2, 1, "a"), record::Closed{job_id(1), 3, false}, finished(1, 1, 0, 1, "r")});
    CHECK(replayed(*store) == Lines{"opened job=1", "appended job=1 [2,3)", "finished job=1 [1,2)",
                                    "finished job=1 [0,1)", "closed job=1 count=3", "opened job=2",
                                    "appended job=2 [0,1)"});
  }
}

TEST_CASE("outcomes that were released do not come back, their place does") {
  for (const MakeStore& each : kStores) {
    CAPTURE(each.name);
    const auto store = each.make();
    commit(*store, {opened(1), appended(1, 0, 3, "a"), finished(1, 0, 0, 1, "r"), finished(1, 1, 1, 2, "r")});
    commit(*store, {record::Released{job_id(1), 1, {}, {}}});
    CHECK(replayed(*store) == Lines{"opened job=1", "released job=1 upto=1 [0,1)", "finished job=1 [1,3)"});
  }
}

TEST_CASE("of a job that was forgotten nothing comes back") {
  for (const MakeStore& each : kStores) {
    CAPTURE(each.name);
    const auto store = each.make();
    commit(*store, {opened(1), appended(1, 0, 1, "a"), opened(2)});
    commit(*store, {record::Forgotten{job_id(1)}});
    CHECK(replayed(*store) == Lines{"opened job=2"});
  }
}

TEST_CASE("every field and every byte comes back as it was") {
  for (const MakeStore& each : kStores) {
    CAPTURE(each.name);
    const auto store = each.make();
    const std::string bytes("\0\xff\n", 3);
    commit(*store, {opened(1), appended(1, 5, 2, bytes), finished(1, 0, 6, 1, bytes, std::string(1, '\3'))});
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
  for (const MakeStore& each : kStores) {
    CAPTURE(each.name);
    const auto store = each.make();
    commit(*store, {opened(1), appended(1, 0, 1, "a"), record::Forgotten{job_id(1)}, opened(1)});
    CHECK(replayed(*store) == Lines{"opened job=1"});
  }
}
