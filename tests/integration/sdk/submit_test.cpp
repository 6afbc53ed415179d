#include <zonda/client.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <thread>
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

TEST_CASE("a call comes back with its value") {
  Cluster cluster;
  const Future<std::int64_t> future = cluster.client.submit(square(7));
  CHECK(future.get() == 49);
  CHECK(future.get(1s) == 49);
  CHECK(future.ready());
  CHECK(future.wait_for(0s));
  CHECK(future.wait_accepted(0s));
  CHECK_FALSE(future.cancel());
  CHECK(future.id().job != JobId{});
  CHECK(cluster.client.submit(repeat("ab", 3)).get() == "ababab");
  cluster.client.submit(nothing()).get();
}

TEST_CASE("what user code throws arrives with its type and text") {
  Cluster cluster;
  const Future<void> future = cluster.client.submit(fail_with("n must be positive"));
  const Result<void> result = future.result();
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == TaskReport::failed);
  CHECK(result.error().type == "std::invalid_argument");
  CHECK(result.error().message == "n must be positive");
  CHECK_THROWS_AS(future.get(), TaskFailed);
}

TEST_CASE("a result of another type is a failure of its task") {
  Cluster cluster;
  const Result<std::int64_t> result = cluster.client.submit(liar()).result();
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().type == "DecodeError");
}

TEST_CASE("a wait with a limit ends, and the task goes on") {
  Cluster cluster;
  const Future<std::string> future = cluster.client.submit(wait_for("a"));
  CHECK_FALSE(future.ready());
  CHECK_FALSE(future.wait_for(1ms));
  CHECK_THROWS_AS(future.get(1ms), WaitTimedOut);
  CHECK(future.wait_accepted(10s));
  Gates::open("a");
  CHECK(future.get() == "passed");
}

TEST_CASE("a task can be cancelled") {
  Cluster cluster;
  const Future<std::string> future = cluster.client.submit(wait_for("never"));
  CHECK(future.cancel());
  CHECK_THROWS_AS(future.get(), TaskCancelled);
  CHECK_FALSE(future.cancel());
}

TEST_CASE(
    "a cancelled job of single calls takes those with it that were submitted before, and no later ones") {
  Cluster cluster;
  const Future<std::string> one = cluster.client.submit(wait_for("never"));
  const Future<std::string> other = cluster.client.submit(wait_for("never"));
  CHECK(one.id().job == other.id().job);
  cluster.client.cancel(one.id().job);
  Gates::open("at once");
  const Future<std::string> later = cluster.client.submit(wait_for("at once"));
  CHECK_THROWS_AS(one.get(), TaskCancelled);
  CHECK_THROWS_AS(other.get(), TaskCancelled);
  CHECK_NOTHROW(later.get());
}

TEST_CASE("a reader that is dropped before it read anything leaves the job's other readers alone") {
  Cluster cluster;
  const Future<std::string> future = cluster.client.submit(wait_for("reader").detached());
  REQUIRE(future.wait_accepted(10s));
  { const Results<std::string> dropped = cluster.client.attach<std::string>(future.id().job); }
  Gates::open("reader");
  CHECK(future.wait_for(10s));
}

TEST_CASE("a task times out") {
  Cluster cluster;
  CHECK_THROWS_AS(cluster.client.submit(wait_for("never").timeout(20ms)).get(), TaskTimedOut);
}

TEST_CASE("a signature that nobody serves is rejected with both texts") {
  Cluster cluster;
  cluster.client.submit(nothing()).get();  // the worker is there
  const Future<std::int64_t> future = cluster.client.submit(kSquareOfText("7"));
  CHECK_THROWS_WITH(future.get(),
                    Catch::Contains("test.square(str) -> int") && Catch::Contains("test.square(int) -> int"));
  CHECK_THROWS_AS(cluster.client.submit(kSquareOfText("8")).get(), Rejected);  // in a new job
  CHECK_FALSE(future.wait_accepted(1s));
}

TEST_CASE("a function is called by name") {
  Cluster cluster;
  const Bytes arguments{std::byte{0x91}, std::byte{0x05}};
  CHECK(cluster.client.call("test.square", arguments).get() == Bytes{std::byte{25}});
  CHECK_THROWS_AS(cluster.client.call("test.square", Bytes{std::byte{0x05}}), Error);
  CHECK_THROWS_AS(cluster.client.call("no name", arguments), Error);
}

TEST_CASE("options that no frame holds are rejected, and other work goes on") {
  Cluster cluster;
  Call<std::int64_t> call = square(5);
  for (int number = 0; number < 300; ++number)
    call.label("l" + std::to_string(number), std::string(256, 'x'));
  CHECK_THROWS_WITH(cluster.client.submit(call).get(), Catch::Contains("at most 65536"));
  CHECK(cluster.client.submit(square(6)).get() == 36);
}

TEST_CASE("calls with the same key are one task") {
  Cluster cluster;
  const Future<std::int64_t> first = cluster.client.submit(square(5).key("five"));
  const Future<std::int64_t> second = cluster.client.submit(square(5).key("five"));
  CHECK(first.get() == 25);
  CHECK(second.get() == 25);
  const Future<std::int64_t> third = cluster.client.submit(square(5).key("five"));
  CHECK(third.get() == 25);
  CHECK(third.id() == first.id());
  CHECK_THROWS_AS(cluster.client.submit(square(6).key("five")).get(), Rejected);
}

TEST_CASE("calls with the same key and large arguments are one task if the arguments are the same") {
  Cluster cluster;
  const std::string large(200'000, 'a');
  const Future<std::int64_t> first = cluster.client.submit(length(large).key("large"));
  const Future<std::int64_t> second = cluster.client.submit(length(large).key("large"));
  CHECK(first.get() == 200'000);
  CHECK(second.get() == 200'000);
  CHECK(second.id() == first.id());
  CHECK_THROWS_AS(cluster.client.submit(length(std::string(200'000, 'b')).key("large")).get(), Rejected);
}

TEST_CASE("a continuation runs on the callback thread, and its result is a future") {
  Cluster cluster;
  std::atomic<std::thread::id> ran_on{};
  const Future<std::string> text = cluster.client.submit(square(3)).then([&](Result<std::int64_t> result) {
    ran_on = std::this_thread::get_id();
    return std::to_string(*result);
  });
  CHECK(text.get() == "9");
  CHECK(ran_on.load() != std::this_thread::get_id());
  const Future<void> thrown =
      text.then([](const Result<std::string>&) { throw std::runtime_error("no more"); });
  CHECK_THROWS_WITH(thrown.get(), Catch::Contains("no more"));
}

namespace {
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Detached add_squares(Client& client, std::promise<std::int64_t>& sum) {
  const Future<std::int64_t> one = client.submit(square(3));
  const Future<std::int64_t> other = client.submit(square(4));
  const std::int64_t nine = co_await one;
  const std::int64_t sixteen = co_await other;
  sum.set_value(nine + sixteen);
}
}  // namespace

TEST_CASE("a future can be awaited") {
  Cluster cluster;
  std::promise<std::int64_t> sum;
  add_squares(cluster.client, sum);
  CHECK(sum.get_future().get() == 25);
}

TEST_CASE("progress comes at most ten times a second, and not after the end") {
  Cluster cluster;
  std::atomic<int> calls{0};
  const auto from = std::chrono::steady_clock::now();
  std::promise<void> third;
  const Future<int> future = cluster.client.submit(chatter(1'000'000'000));
  future.on_progress([&](const Progress& progress) {
    CHECK(progress.total == 1'000'000'000);
    if (++calls == 3) third.set_value();
  });
  third.get_future().wait();
  future.cancel();
  future.wait();
  const auto took = std::chrono::steady_clock::now() - from;
  CHECK(calls <= 2 + took / 100ms);
}

TEST_CASE("a failure that nobody looked at is told once") {
  Gates::close_all();
  TestBroker broker;
  TestWorker worker(broker);
  std::promise<std::string> told;
  Client client(ClientOptions{.broker = broker.address(),
                              .on_log = [&](std::string_view line) { told.set_value(std::string(line)); }});
  { const Future<void> dropped = client.submit(fail_with("unseen")); }
  {
    const Future<void> seen = client.submit(fail_with("seen"));
    CHECK_FALSE(seen.result());
  }
  CHECK_THAT(told.get_future().get(), Catch::Contains("unseen"));
}

TEST_CASE("the end of a client cancels what is not ready") {
  Gates::close_all();
  TestBroker broker;
  TestWorker worker(broker);
  auto client = std::make_unique<Client>(broker.address());
  const Future<std::string> future = client->submit(wait_for("never"));
  CHECK(future.wait_accepted(10s));
  client.reset();
  CHECK(future.ready());
  CHECK_THROWS_AS(future.get(), TaskCancelled);
}

TEST_CASE("a client that ends says that detached work may not be stored") {
  TestBroker broker;
  broker.stop();
  std::string told;
  {
    Client client(
        ClientOptions{.broker = broker.address(), .on_log = [&](std::string_view line) { told += line; }});
    const Future<std::int64_t> dropped = client.submit(square(9).detached());
  }
  CHECK_THAT(told, Catch::Contains("1 detached jobs"));
}

TEST_CASE("detached work outlives its client") {
  Gates::close_all();
  TestBroker broker;
  JobId job;
  {
    Client client(broker.address());
    job = client.submit(square(9).detached()).id().job;
  }
  TestWorker worker(broker);
  Client other(broker.address());
  CHECK(other.attach<std::int64_t>(job).collect() == std::vector<std::int64_t>{81});
}

TEST_CASE("the end of a client says all that it was asked to say before") {
  constexpr int kCalls = 1'200;  // more than it says in a turn
  Gates::close_all();
  TestBroker broker;
  std::vector<JobId> jobs;
  {
    Client client(broker.address());
    std::vector<Future<std::int64_t>> futures;
    for (int n = 0; n < kCalls; ++n)
      futures.push_back(client.submit(square(n).key("end/" + std::to_string(n))));
    for (const Future<std::int64_t>& future : futures) REQUIRE(future.wait_accepted(30s));
    for (Future<std::int64_t>& future : futures) {
      jobs.push_back(future.id().job);
      future.cancel();
    }
  }
  Client other(broker.address());
  int cancelled = 0;
  for (const JobId& job : jobs) {
    Results<std::int64_t> results = other.attach<std::int64_t>(job);
    for (const auto& [index, result] : results.unordered())
      cancelled += !result && result.error().kind == TaskReport::cancelled ? 1 : 0;
  }
  CHECK(cancelled == kCalls);
}

TEST_CASE("eight threads submit at once") {
  Cluster cluster;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      std::vector<Future<std::int64_t>> futures;
      for (std::int64_t i = 0; i < 500; ++i) {
        futures.push_back(cluster.client.submit(square(thread * 1000 + i).priority(thread % 2)));
        if (i % 50 == 0) wrong += futures.back().get() == (thread * 1000 + i) * (thread * 1000 + i) ? 0 : 1;
      }
      for (std::int64_t i = 0; i < 500; ++i)
        wrong +=
            futures[static_cast<std::size_t>(i)].get() == (thread * 1000 + i) * (thread * 1000 + i) ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

}  // namespace zonda::test
