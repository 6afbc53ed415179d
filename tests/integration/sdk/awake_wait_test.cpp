#include "sdk/cpp/src/awake_wait.h"

#include <catch2/catch.hpp>
#include <thread>

using namespace zonda;
using std::chrono::steady_clock;

namespace {

constexpr auto kNever = steady_clock::time_point::max();

// How often a wait for what does not come looks for it.
int looks_in_vain(AwakeWait& wait, steady_clock::time_point latest = kNever) {
  int looks = 0;
  CHECK_FALSE(wait.until([&] { return ++looks < 0; }, latest));
  return looks;
}

}  // namespace

TEST_CASE("what comes soon is waited for awake, every time") {
  AwakeWait wait;
  for (int round = 0; round < 10; ++round) {
    int looks = 0;
    CHECK(wait.until([&] { return ++looks == 3; }, kNever));
    CHECK(looks == 3);
  }
}

TEST_CASE("waits that last are left out, more and more of them, until one is short again") {
  AwakeWait wait;
  for (const int left_out : {1, 3, 7, 15, 31, 63, 127, 127}) {
    CHECK(looks_in_vain(wait) > 0);
    for (int each = 0; each < left_out; ++each) REQUIRE(looks_in_vain(wait) == 0);
  }
  CHECK(wait.until([] { return true; }, kNever));
  CHECK(wait.until([] { return true; }, kNever));
}

TEST_CASE("a deadline that has passed is looked at once") {
  AwakeWait wait;
  CHECK(looks_in_vain(wait, steady_clock::now()) == 1);
}

TEST_CASE("one thread at a time waits awake") {
  AwakeWait wait;
  int others = -1;
  CHECK(wait.until(
      [&] {
        std::thread([&] { others = looks_in_vain(wait); }).join();
        return true;
      },
      kNever));
  CHECK(others == 0);
}
