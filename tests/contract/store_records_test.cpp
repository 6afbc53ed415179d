// What of each record survives a restart, and when it goes. For every store, as in store_test.cpp.
#include <catch2/catch.hpp>

#include "tests/contract/store_under_test.h"

using namespace zonda;

namespace {

// Runs `f` for each kind of store, named in what fails.
template <class F>
void for_each_store(F&& f) {
  for (const StoreKind& each : kStores) {
    CAPTURE(each.name);
    const auto store = each.make();
    f(*store);
  }
}

std::vector<Record> replayed(StoreUnderTest& store, std::uint64_t payload_bytes = ~0ULL) {
  store.reopen();
  std::vector<Record> all;
  store->replay(payload_bytes, [&](Record& record) { all.push_back(record); });
  return all;
}

template <class T>
std::vector<T> only(const std::vector<Record>& records) {
  std::vector<T> found;
  for (const Record& each : records) {
    if (const auto* one = std::get_if<T>(&each)) found.push_back(*one);
  }
  return found;
}

record::Attempted attempted(std::uint64_t first) {
  record::Attempted record;
  record.job = job_id(1);
  record.first = first;
  record.count = 1;
  return record;
}

}  // namespace

TEST_CASE("every field of a job's events comes back") {
  for_each_store([](StoreUnderTest& store) {
    const UtcTime at{std::chrono::nanoseconds(1'234'567'890'123'456'789)};
    const TaskReport::Attempt told{TaskReport::timed_out, 2, "w", "h", "too long"};
    record::Opened job = opened(1, true);
    job.spec.queue = "q";
    job.spec.priority = -7;
    job.spec.retries = 1;
    job.spec.timeout_ms = 2;
    job.spec.deadline_ms = 3;
    job.spec.delay_ms = 4;
    job.spec.resources = {{"cpu", 2.0}, {"gpu", -0.25}};
    job.spec.labels = {{"zone", "a"}};
    job.spec.key = std::string("k\0y", 3);
    job.spec.key_digest = ~0ULL;
    job.spec.fails_max = 5;
    commit(*store, {job, appended(1, 0, 2, "a"), record::HandedOut{job_id(1), 9, at},
                    record::Fenced{job_id(1), 1, 1, {5, 6}},
                    record::Attempted{job_id(1), 0, 2, {3, 4}, true, 1, 2, 3, 4, 5, at, told},
                    record::Closed{job_id(1), 2, true}});
    const std::vector<Record> all = replayed(store);
    REQUIRE(all.size() == 6);
    const auto& back = std::get<record::Opened>(all[0]);
    CHECK(back.job == job.job);
    CHECK(back.spec == job.spec);
    CHECK(back.client == "me");
    CHECK(back.owner == job_id(200));
    CHECK(back.incarnation == 7);
    CHECK(back.at == job.at);
    const auto& batch = std::get<record::Appended>(all[1]);
    CHECK(batch.digest == appended(1, 0, 2, "a").digest);
    CHECK(batch.bytes == appended(1, 0, 2, "a").bytes);
    const auto& fence = std::get<record::Fenced>(all[2]);
    CHECK(fence.first == 1);
    CHECK(fence.count == 1);
    CHECK(fence.token == Token{5, 6});
    const auto& attempt = std::get<record::Attempted>(all[3]);
    CHECK(attempt.first == 0);
    CHECK(attempt.count == 2);
    CHECK(attempt.token == Token{3, 4});
    CHECK(attempt.spent);
    CHECK(attempt.errors == 1);
    CHECK(attempt.crashes == 2);
    CHECK(attempt.lost == 3);
    CHECK(attempt.deaths == 4);
    CHECK(attempt.group == 5);
    CHECK(attempt.due == at);
    CHECK(attempt.attempt == told);
    const auto& handed_out = std::get<record::HandedOut>(all[4]);
    CHECK(handed_out.upto == 9);
    CHECK(handed_out.at == at);
    const auto& closed = std::get<record::Closed>(all[5]);
    CHECK(closed.count == 2);
    CHECK(closed.cancelled);
  });
}

TEST_CASE("a summary comes back with all its numbers, until it is forgotten") {
  for_each_store([](StoreUnderTest& store) {
    JobSummary summary;
    summary.id = job_id(1);
    summary.age = 12;
    summary.spec = opened(1).spec;
    summary.client_name = "me";
    summary.state = JobState::Cancelled;
    summary.count = 5;
    summary.counts.values = 4;
    summary.counts.failed = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    summary.opened_at = UtcTime(std::chrono::nanoseconds(5));
    summary.finished_at = UtcTime(std::chrono::nanoseconds(6));
    commit(*store, {opened(1), appended(1, 0, 1, "a"), opened(2)});
    commit(*store, {record::Summarised{summary}});
    std::vector<Record> all = replayed(store);
    REQUIRE(all.size() == 2);
    CHECK(std::get<record::Opened>(all[0]).job == job_id(2));
    const JobSummary& back = std::get<record::Summarised>(all[1]).summary;
    CHECK(back.id == summary.id);
    CHECK(back.age == 12);
    CHECK(back.spec == summary.spec);
    CHECK(back.client_name == "me");
    CHECK(back.state == JobState::Cancelled);
    CHECK(back.count == 5);
    CHECK(back.counts.values == 4);
    CHECK(back.counts.failed == summary.counts.failed);
    CHECK(back.opened_at == summary.opened_at);
    CHECK(back.started_at == std::nullopt);
    CHECK(back.finished_at == summary.finished_at);
    commit(*store, {record::Forgotten{job_id(1)}});
    CHECK(only<record::Summarised>(replayed(store)).empty());
  });
}

TEST_CASE("workers come back until they leave") {
  for_each_store([](StoreUnderTest& store) {
    commit(*store, {record::Joined{job_id(102), "w2", "h"}, record::Joined{job_id(101), "w1", "h"}});
    commit(*store, {record::Joined{job_id(102), "w2", "other"}, record::Left{job_id(103)}});
    const auto all = only<record::Joined>(replayed(store));
    REQUIRE(all.size() == 2);
    CHECK(all[0].name == "w1");
    CHECK(all[1].peer == job_id(102));
    CHECK(all[1].host == "other");
    commit(*store, {record::Left{job_id(101)}, record::Left{job_id(102)}});
    CHECK(replayed(store).empty());
  });
}

TEST_CASE("a stop in order is told if nothing came after it") {
  for_each_store([](StoreUnderTest& store) {
    const record::Stopped::Lease lease{job_id(101), job_id(1), 4, 5, {6, 7}};
    commit(*store, {opened(1), record::Stopped{{lease, lease}}});
    commit(*store, {});
    const auto all = only<record::Stopped>(replayed(store));
    REQUIRE(all.size() == 1);
    REQUIRE(all[0].leases.size() == 2);
    CHECK(all[0].leases[1].peer == lease.peer);
    CHECK(all[0].leases[1].job == lease.job);
    CHECK(all[0].leases[1].first == 4);
    CHECK(all[0].leases[1].count == 5);
    CHECK(all[0].leases[1].token == lease.token);
    commit(*store, {record::Left{job_id(101)}});
    CHECK(only<record::Stopped>(replayed(store)).empty());
    commit(*store, {record::Stopped{{lease}}});
    CHECK(only<record::Stopped>(replayed(store)).size() == 1);
    commit(*store, {record::Started{}});
    CHECK(only<record::Stopped>(replayed(store)).empty());
  });
}

TEST_CASE("attempts and fences keep their order, over commits and restarts") {
  for_each_store([](StoreUnderTest& store) {
    commit(*store, {opened(1), appended(1, 0, 9, "a")});
    commit(*store, {record::Fenced{job_id(1), 3, 1, {1, 1}}, attempted(2)});
    store.reopen();
    commit(*store, {attempted(1), record::Fenced{job_id(1), 0, 1, {1, 2}}});
    const std::vector<Record> all = replayed(store);
    REQUIRE(all.size() == 6);
    CHECK(std::get<record::Fenced>(all[2]).first == 3);
    CHECK(std::get<record::Attempted>(all[3]).first == 2);
    CHECK(std::get<record::Attempted>(all[4]).first == 1);
    CHECK(std::get<record::Fenced>(all[5]).first == 0);
  });
}

TEST_CASE("batches of an attached job go when all their tasks are done, those of a detached one stay") {
  for_each_store([](StoreUnderTest& store) {
    for (std::uint8_t number = 1; number <= 2; ++number) {
      commit(*store, {opened(number, number == 2), appended(number, 0, 2, "a"), appended(number, 2, 2, "b"),
                      appended(number, 4, 2, "c")});
      commit(*store, {finished(number, 0, 1, 4, "r")});  // the rest of one, all of one, a part of one
      store.reopen();
      commit(*store, {finished(number, 4, 0, 1, "r"), released(number, 5)});
    }
    const auto batches = only<record::Appended>(replayed(store));
    REQUIRE(batches.size() == 4);
    CHECK(batches[0].job == job_id(1));
    CHECK(batches[0].first == 4);
    for (std::size_t at = 1; at < 4; ++at) CHECK(batches[at].job == job_id(2));
  });
}

TEST_CASE("what was released is told by task and by kind, also what came in parts") {
  for_each_store([](StoreUnderTest& store) {
    const std::string failed(2, static_cast<char>(TaskReport::failed));
    commit(*store, {opened(1, true), appended(1, 0, 8, "a"), finished(1, 0, 6, 2, "r", failed),
                    finished(1, 2, 0, 3, "r"), finished(1, 5, 3, 2, "r")});
    commit(*store, {released(1, 3)});  // in the middle of the second: that one stays whole
    store.reopen();
    CHECK(only<record::Finished>(replayed(store)).size() == 2);
    commit(*store, {released(1, 5)});
    commit(*store, {released(1, 1)});  // never back
    const std::vector<Record> all = replayed(store);
    const auto told = only<record::Released>(all);
    REQUIRE(told.size() == 1);
    CHECK(told[0].position == 5);
    CHECK(told[0].owner_read == 6);
    CHECK(told[0].done == std::vector<IndexRange>{{0, 3}, {6, 8}});
    CHECK(told[0].kinds == std::array<std::uint64_t, 9>{3, 2});
    CHECK(only<record::Finished>(all).size() == 1);
  });
}

TEST_CASE("payloads come along until the budget is spent, and all else comes in any case") {
  for_each_store([](StoreUnderTest& store) {
    const record::Appended first = appended(1, 0, 1, std::string(100, 'a'));
    const std::string kinds(1, static_cast<char>(TaskReport::lost));
    const record::Finished outcome = finished(1, 0, 0, 1, std::string(500, 'b'), kinds);
    commit(*store, {opened(1, true), first, appended(1, 1, 1, "c"), outcome});
    store.reopen();
    std::vector<std::uint64_t> sizes;
    store->replay(first.bytes + 10, [&](Record& any) {
      if (const auto* batch = std::get_if<record::Appended>(&any)) {
        sizes.push_back(batch->slab.size());
        CHECK(batch->bytes > 0);
      } else if (const auto* end = std::get_if<record::Finished>(&any)) {
        sizes.push_back(end->slab.size());
        CHECK(end->bytes == outcome.bytes);
        CHECK(end->kinds == kinds);
        CHECK(end->outcomes == Column{});
      }
    });
    CHECK(sizes == std::vector<std::uint64_t>{first.bytes, appended(1, 1, 1, "c").bytes, 0});
  });
}

TEST_CASE("a payload is read back, also one that was handed over a moment ago") {
  for_each_store([](StoreUnderTest& store) {
    const std::string large(3'000'000, 'x');
    const std::string kinds("\0\1", 2);
    store->commit({opened(1, true), appended(1, 0, 2, large)});
    store->commit({finished(1, 0, 0, 2, "result", kinds)});
    for (int restart = 0; restart < 2; ++restart) {
      const Payload arguments = read_back(*store, {job_id(1), PayloadName::What::Arguments, 0});
      CHECK(arguments.name.job == job_id(1));
      CHECK(arguments.column == appended(1, 0, 2, large).arguments);
      const Payload outcomes = read_back(*store, {job_id(1), PayloadName::What::Outcomes, 0});
      CHECK(outcomes.column == finished(1, 0, 0, 2, "result").outcomes);
      CHECK(outcomes.kinds == kinds);
      store.reopen();
    }
    CHECK(read_back(*store, {job_id(1), PayloadName::What::Outcomes, 1}).slab.size() == 0);
    CHECK(read_back(*store, {job_id(2), PayloadName::What::Arguments, 0}).slab.size() == 0);
  });
}

TEST_CASE("a payload of several pieces is one") {
  for_each_store([](StoreUnderTest& store) {
    const std::string large((64 << 20) + 1'000, 'y');
    commit(*store, {opened(1), appended(1, 0, 1, large), appended(1, 1, 1, "small")});
    const auto back = only<record::Appended>(replayed(store));
    REQUIRE(back.size() == 2);
    CHECK((back[0].arguments == appended(1, 0, 1, large).arguments));
    commit(*store, {finished(1, 0, 0, 1, "r")});
    CHECK(only<record::Appended>(replayed(store)).size() == 1);
  });
}
