#include <zonda/client.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <ranges>
#include <set>
#include <stdexcept>
#include <vector>

#include "tests/integration/sdk/test_cluster.h"
#include "tests/integration/sdk/test_functions.h"

namespace zonda::test {

using namespace std::chrono_literals;

namespace {
struct Cluster {
  Cluster() { Gates::close_all(); }
  TestBroker broker;
  TestWorker worker{broker};
  Client client{broker.address()};
};
constexpr Function<std::int64_t(std::string)> kSquareOfText{"test.square"};
}  // namespace

TEST_CASE("a map yields its values in the order of the inputs") {
  Cluster cluster;
  std::int64_t expected = 1;
  for (const std::int64_t value : cluster.client.map(square, std::views::iota(1, 100'000))) {
    if (value != expected * expected) FAIL(value);
    ++expected;
  }
  CHECK(expected == 100'000);
}

TEST_CASE("a map owns inputs given as rvalues, and an empty one is empty") {
  Cluster cluster;
  const std::vector<std::int64_t> nothing_to_do;
  CHECK(cluster.client.map(square, nothing_to_do).collect().empty());
  Results<std::int64_t> results = cluster.client.map(square, std::vector<std::int64_t>{1, 2, 3});
  CHECK(results.job() != JobId{});
  CHECK(results.collect() == std::vector<std::int64_t>{1, 4, 9});
  CHECK_THROWS_AS(results.collect(), std::logic_error);
}

TEST_CASE("starmap spreads tuples over the arguments") {
  Cluster cluster;
  const std::vector<std::pair<std::string, int>> pairs{{"a", 1}, {"b", 2}};
  CHECK(cluster.client.starmap(repeat, pairs).collect() == std::vector<std::string>{"a", "bb"});
  cluster.client.starmap(nothing, std::vector<std::tuple<>>(3)).collect();
}

TEST_CASE("unordered yields every index once, failures included") {
  Cluster cluster;
  const std::vector<std::string> inputs{"one", "two", "three"};
  std::set<std::size_t> seen;
  for (auto&& [index, result] : cluster.client.map(fail_with, inputs).unordered()) {
    REQUIRE_FALSE(result);
    CHECK(result.error().message == inputs.at(index));
    seen.insert(index);
  }
  CHECK(seen == std::set<std::size_t>{0, 1, 2});
}

TEST_CASE("in order, an error is thrown at its place and the loop may go on") {
  Cluster cluster;
  Results<void> results = cluster.client.map(fail_with, std::vector<std::string>{"a", "b"});
  int errors = 0;
  for (auto it = results.begin(); it != results.end(); ++it) {
    try {
      *it;
    } catch (const TaskFailed&) {
      ++errors;
    }
  }
  CHECK(errors == 2);
  CHECK_THROWS_AS(cluster.client.map(fail_with, std::vector<std::string>{"a"}).collect(), TaskFailed);
}

TEST_CASE("an infinite range is pulled lazily and left early") {
  Cluster cluster;
  std::atomic<std::int64_t> pulled{0};
  auto inputs = std::views::iota(std::int64_t{0}) | std::views::transform([&](std::int64_t i) {
                  pulled = i;
                  return i;
                });
  std::int64_t sum = 0;
  for (const std::int64_t value : cluster.client.map(square, inputs)) {
    sum += value;
    if (value >= 100) break;
  }
  CHECK(sum == 385);
  CHECK(pulled < 600'000);
  CHECK(cluster.client.submit(square(2)).get() == 4);
}

TEST_CASE("what the range throws leaves through the iteration") {
  Cluster cluster;
  auto inputs = std::views::iota(0, 100'000) | std::views::transform([](int i) -> std::int64_t {
                  if (i == 50'000) throw std::domain_error("no more inputs");
                  return i;
                });
  const auto iterate = [&] {
    for (const std::int64_t value : cluster.client.map(square, inputs)) static_cast<void>(value);
  };
  CHECK_THROWS_AS(iterate(), std::domain_error);
}

TEST_CASE("a slow first task holds up the order and nothing else") {
  Cluster cluster;
  Results<std::int64_t> results = cluster.client.map(slow_zero, std::views::iota(0, 300'000));
  std::int64_t expected = 0;
  for (const std::int64_t value : results) {
    if (value != expected++) FAIL(value);
  }
  CHECK(expected == 300'000);
}

TEST_CASE("calls can be made while a map is iterated") {
  Cluster cluster;
  std::int64_t sum = 0;
  for (const std::int64_t value : cluster.client.map(square, std::views::iota(0, 50)))
    sum += cluster.client.submit(square(value)).get();
  CHECK(sum == 59'416'665);
}

TEST_CASE("a map is rejected as a whole") {
  Cluster cluster;
  cluster.client.submit(nothing()).get();
  const std::vector<std::string> inputs(10'000, "7");
  CHECK_THROWS_AS(cluster.client.map(kSquareOfText, inputs).collect(), Rejected);
  CHECK_THROWS_AS(cluster.client.map(square, std::vector<int>{1}, {.retries = -1}), Error);
  CHECK_THROWS_AS(cluster.client.attach<std::int64_t>(JobId{}).collect(), Rejected);
}

TEST_CASE("outcomes as they finish can be had of results that stay") {
  Cluster cluster;
  Results<std::int64_t> results = cluster.client.map(square, std::vector<std::int64_t>{1, 2, 3});
  std::int64_t sum = 0;
  for (auto&& [index, result] : results.unordered()) sum += *result;
  CHECK(sum == 14);
  CHECK(results.job() != JobId{});
  CHECK_THROWS_AS(results.begin(), std::logic_error);
}

TEST_CASE("a cancelled map ends, with every outcome") {
  Cluster cluster;
  int pulled = 0;
  auto inputs =
      std::views::iota(0) | std::views::transform([&](int) { return ++pulled, std::string("never"); });
  Results<std::string> results = cluster.client.map(wait_for, inputs);
  results.cancel();
  int cancelled = 0;
  for (auto&& [index, result] : std::move(results).unordered()) {
    if (!result && result.error().kind == TaskReport::cancelled) ++cancelled;
  }
  CHECK(cancelled > 0);
  CHECK(cancelled == pulled);

  Results<std::string> other = cluster.client.map(wait_for, std::vector<std::string>(10, "never"));
  cluster.client.cancel(other.job());
  CHECK_THROWS_AS(other.collect(), TaskCancelled);
}

TEST_CASE("a detached map that is given up ends with what it has, while its client goes on") {
  Cluster cluster;
  JobId job;
  {
    Results<std::int64_t> results =
        cluster.client.map(square, std::views::iota(0, 100'000'000), {.detached = true});
    job = results.job();
    CHECK(*results.begin() == 0);  // so the broker knows it
  }
  Client other(cluster.broker.address());
  const std::vector<std::int64_t> values =
      other.attach<std::int64_t>(job).collect();  // it would wait for ever
  CHECK(!values.empty());
  for (std::size_t n = 0; n < values.size(); ++n)
    if (values[n] != static_cast<std::int64_t>(n * n)) FAIL(n);
}

TEST_CASE("a detached map is read by another client, in order and not") {
  Cluster cluster;
  JobId job;
  {
    Client first(cluster.broker.address());
    Results<std::int64_t> results =
        first.map(square, std::views::iota(0, 10'000), {.detached = true, .name = "ten-thousand"});
    job = results.job();
    CHECK(results.collect().size() == 10'000);
  }
  const std::vector<std::int64_t> values = cluster.client.attach<std::int64_t>(job).collect();
  REQUIRE(values.size() == 10'000);
  CHECK(values.back() == 9'999 * 9'999);
  std::size_t count = 0;
  for (auto&& [index, result] : cluster.client.attach<std::int64_t>(job).unordered())
    count += *result == static_cast<std::int64_t>(index * index) ? 1 : 0;
  CHECK(count == 10'000);
}

TEST_CASE("large values go both ways") {
  Cluster cluster;
  const std::string large(3 << 20, 'x');
  std::vector<std::pair<std::string, int>> pairs(20, {large, 1});
  for (const std::string& value : cluster.client.starmap(repeat, pairs)) CHECK(value.size() == large.size());
}

}  // namespace zonda::test
