#include <zonda/call.h>
#include <zonda/error.h>

#include <catch2/catch.hpp>

#include <cmath>

using namespace zonda;
using namespace std::chrono_literals;

namespace {

Call<int> call() { return Call<int>({"f", "() -> int", "\x90", {}}); }

}  // namespace

TEST_CASE("options chain on a temporary") {
  const Call<int> made = call()
                             .queue("gpu")
                             .priority(-3)
                             .retries(2)
                             .timeout(30s)
                             .deadline(1h)
                             .delay(2min)
                             .key("order 7")
                             .resource("gpu", 0.5)
                             .label("zone", "a")
                             .detached();
  CallOptions expected;
  expected.queue = "gpu";
  expected.priority = -3;
  expected.retries = 2;
  expected.timeout = 30'000ms;
  expected.deadline = 3'600'000ms;
  expected.delay = 120'000ms;
  expected.key = "order 7";
  expected.resources = {{"gpu", 0.5}};
  expected.labels = {{"zone", "a"}};
  expected.detached = true;
  CHECK(made.options() == expected);
  CHECK(made.function() == "f");
  CHECK(made.arguments() == "\x90");
}

TEST_CASE("options chain on a named call and change that one") {
  Call<int> named = call();
  Call<int>& same = named.retries(1).queue("q");
  CHECK(&same == &named);
  CHECK(named.options().retries == 1);
  CHECK(named.options().queue == "q");
  STATIC_REQUIRE(std::is_same_v<decltype(call().retries(1)), Call<int>&&>);
}

TEST_CASE("nothing is set unless asked for, and a key keeps its task") {
  CHECK(call().options() == CallOptions{});
  CHECK_FALSE(call().timeout(1s).options().detached);
  CHECK(call().key("k").options().detached);
}

TEST_CASE("the last word counts") {
  CHECK(call().label("k", "a").label("k", "b").options().labels.at("k") == "b");
  CHECK(call().resource("r", 1).resource("r", 2).options().resources.at("r") == 2);
}

TEST_CASE("a limit below a millisecond does not become no limit") {
  CHECK(call().timeout(1us).options().timeout == 1ms);
  CHECK(call().timeout(0.25s).options().timeout == 250ms);
}

TEST_CASE("bad options are refused and change nothing") {
  Call<int> named = call();
  CHECK_THROWS_AS(named.queue(""), Error);
  CHECK_THROWS_AS(named.queue("two words"), Error);
  CHECK_THROWS_AS(named.queue(std::string(129, 'q')), Error);
  CHECK_THROWS_AS(named.retries(-1), Error);
  CHECK_THROWS_AS(named.timeout(0s), Error);
  CHECK_THROWS_AS(named.timeout(-1s), Error);
  CHECK_THROWS_AS(named.deadline(0s), Error);
  CHECK_THROWS_AS(named.delay(-1s), Error);
  CHECK_THROWS_AS(named.delay(std::chrono::years(11)), Error);
  CHECK_THROWS_AS(named.deadline(std::chrono::hours::max()), Error);
  CHECK_THROWS_AS(named.timeout(std::chrono::duration<double>(std::nan(""))), Error);
  CHECK_THROWS_AS(named.key(""), Error);
  CHECK_THROWS_AS(named.key(std::string(1025, 'k')), Error);
  CHECK_THROWS_AS(named.resource("gpu", -1), Error);
  CHECK_THROWS_AS(named.resource("gpu", std::nan("")), Error);
  CHECK_THROWS_AS(named.resource("g u", 1), Error);
  CHECK_THROWS_AS(named.label("", "v"), Error);
  CHECK_THROWS_AS(named.label("k", std::string(257, 'v')), Error);
  CHECK(named.options() == CallOptions{});
}
