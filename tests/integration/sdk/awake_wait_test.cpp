#include "sdk/cpp/src/awake_wait.h"

#include <catch2/catch.hpp>
#include <thread>

using namespace zonda;
using namespace std::chrono_literals;
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
  AwakeWait wait(1h);
  for (int round = 0; round < 10; ++round) {
    int looks = 0;
    CHECK(wait.until([&] { return ++looks == 3; }, kNever));
    CHECK(looks == 3);
  }
}

TEST_CASE("waits that last are left out, more and more of them, until one is short again") {
  AwakeWait wait(100us);
  for (const int left_out : {1, 3, 7, 15, 31, 63, 127, 127}) {
    CHECK(looks_in_vain(wait) > 0);
    for (int each = 0; each < left_out; ++each) REQUIRE(looks_in_vain(wait) == 0);
  }
  CHECK(wait.until([] { return true; }, kNever));
  CHECK(wait.until([] { return true; }, kNever));
}

TEST_CASE("a wait that may not last a moment is none, and teaches nothing") {
  AwakeWait wait(1h);
  for (int poll = 0; poll < 10; ++poll) CHECK(looks_in_vain(wait, steady_clock::now()) == 0);
  CHECK(wait.until([] { return true; }, kNever));
}

TEST_CASE("one thread at a time waits awake") {
  AwakeWait wait(1h);
  int others = -1;
  const auto look_elsewhere = [&] {
    std::thread([&] {
      AwakeWait other(1h);
      others = looks_in_vain(other);
    }).join();
    return true;
  };
  CHECK(wait.until(look_elsewhere, kNever));
  CHECK(others == 0);
}
