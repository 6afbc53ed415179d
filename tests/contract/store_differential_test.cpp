// Random commits into all stores at once, with restarts in between: each must tell the same as the one in
// memory. ZONDA_SEED=N repeats a run.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <random>

#include "tests/contract/store_under_test.h"

using namespace zonda;

namespace {

// Makes commits that a broker could make.
class Commits {
 public:
  explicit Commits(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t end) {
    return std::uniform_int_distribution<std::uint64_t>(0, end - 1)(random_);
  }

  std::vector<Record> next() {
    std::vector<Record> records;
    for (std::uint64_t left = below(6); left > 0; --left) add_to(records);
    return records;
  }

  PayloadName some_payload() {
    const auto what = below(2) == 0 ? PayloadName::What::Arguments : PayloadName::What::Outcomes;
    return {job_id(static_cast<std::uint8_t>(1 + below(kJobs))), what, below(12)};
  }

 private:
  static constexpr std::uint64_t kJobs = 5;
  struct Job {
    std::vector<bool> done;
    std::uint64_t log_end = 0;
    std::uint64_t released = 0;
    bool closed = false;
  };

  std::string value() {
    static constexpr std::uint64_t kSizes[] = {0, 1, 7, 100, 3'000, 20'000};
    return std::string(kSizes[below(6)], static_cast<char>(below(256)));
  }

  void add_to(std::vector<Record>& records) {
    const auto number = static_cast<std::uint8_t>(1 + below(kJobs));
    const auto at = jobs_.find(number);
    if (below(12) == 0) return add_about_workers(records);
    if (at != jobs_.end()) return add_about_job(number, at->second, records);
    if (below(4) == 0) return records.push_back(record::Forgotten{job_id(number)});
    records.push_back(opened(number, below(2) == 0));
    jobs_[number] = {};
  }

  void add_about_workers(std::vector<Record>& records) {
    const JobId peer = job_id(static_cast<std::uint8_t>(100 + below(3)));
    switch (below(3)) {
      case 0: return records.push_back(record::Joined{peer, "w" + std::to_string(below(3)), "host"});
      case 1: return records.push_back(record::Left{peer});
      default: return records.push_back(record::Stopped{{{peer, job_id(1), below(9), 2, {3, 4}}}});
    }
  }

  void add_about_job(std::uint8_t number, Job& job, std::vector<Record>& records) {
    const JobId id = job_id(number);
    const std::uint64_t first = job.done.empty() ? 0 : below(job.done.size());
    switch (below(12)) {
      case 0:
      case 1:
      case 2: return append(number, job, records);
      case 3:
      case 4:
      case 5: return finish(number, job, first, records);
      case 6:
      case 7:
        if (job.log_end == 0) return;
        job.released += below(job.log_end - job.released + 1);
        return records.push_back(released(number, job.released));
      case 8: return records.push_back(record::HandedOut{id, below(100), UtcTime(std::chrono::seconds(5))});
      case 9:
        if (below(2) == 0) return records.push_back(record::Fenced{id, first, 1, {2, below(9)}});
        return records.push_back(record::Attempted{
            id, first, 1, {2, 3}, true, 1, 2, 3, 4, 5, {}, {TaskReport::crashed, 1, "w", "h", value()}});
      case 10:
        job.closed = true;
        return records.push_back(record::Closed{id, job.done.size(), below(2) == 0});
      default: return end(number, records);
    }
  }

  void append(std::uint8_t number, Job& job, std::vector<Record>& records) {
    if (job.closed) return;
    const std::uint64_t count = 1 + below(5);
    records.push_back(appended(number, job.done.size(), count, value()));
    job.done.resize(job.done.size() + count);
  }

  // A run of tasks, maybe of several batches.
  void finish(std::uint8_t number, Job& job, std::uint64_t first, std::vector<Record>& records) {
    std::uint64_t end = first;
    while (end < job.done.size() && !job.done[end] && end - first < 1 + below(8)) job.done[end++] = true;
    if (end == first) return;
    std::string kinds;
    if (below(3) == 0) kinds.assign(end - first, static_cast<char>(below(9)));
    records.push_back(finished(number, job.log_end, first, end - first, value(), kinds));
    job.log_end += end - first;
  }

  void end(std::uint8_t number, std::vector<Record>& records) {
    if (below(3) != 0) return;
    jobs_.erase(number);
    if (below(2) == 0) return records.push_back(record::Forgotten{job_id(number)});
    JobSummary summary;
    summary.id = job_id(number);
    summary.age = below(1'000);
    summary.spec = opened(number).spec;
    summary.counts.failed[3] = below(7);
    if (below(2) == 0) summary.finished_at = UtcTime(std::chrono::nanoseconds(123456789));
    records.push_back(record::Summarised{summary});
  }

  std::mt19937_64 random_;
  std::map<std::uint8_t, Job> jobs_;
};

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
  Commits commits(seed);
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
