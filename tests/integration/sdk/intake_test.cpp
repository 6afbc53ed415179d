#include "sdk/cpp/src/intake.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "sdk/cpp/src/submit_job.h"
#include "tests/integration/sdk/test_functions.h"

namespace zonda::test {

namespace {

// How often it was woken since the last look.
std::uint64_t wakes(const Intake& intake) {
  std::uint64_t count = 0;
  return read(intake.wake_descriptor(), &count, sizeof count) == sizeof count ? count : 0;
}

struct IntakeFixture {
  ~IntakeFixture() {
    intake->close();
    take();
    for (const auto& job : jobs) intake->retire(*job);  // what was submitted refers to where it was
  }
  std::vector<Order> take() {
    std::vector<Order> orders;
    intake->take(orders);
    for (const Order& order : orders) {
      if (const auto* append = std::get_if<AppendOrder>(&order)) jobs.insert(append->futures);
    }
    return orders;
  }
  void submit(int count) {
    for (int i = 0; i < count; ++i) static_cast<void>(intake->submit(square(i).parts()));
  }

  std::set<std::shared_ptr<SubmitJob>> jobs;
  std::shared_ptr<Intake> intake = std::make_shared<Intake>(std::make_shared<CallbackThread>(nullptr));
};

}  // namespace

TEST_CASE("a thousand calls wake the sleeping thread once") {
  IntakeFixture fixture;
  CHECK(fixture.intake->may_sleep(0));
  fixture.submit(1'000);
  CHECK(wakes(*fixture.intake) == 1);
  CHECK(fixture.take().size() == 2);  // the job and one batch
  fixture.submit(1'000);              // it is awake, and will look again before it sleeps
  CHECK(wakes(*fixture.intake) == 0);
  CHECK_FALSE(fixture.intake->may_sleep(0));
}

TEST_CASE("calls gather while batches before them are not accepted") {
  IntakeFixture fixture;
  std::shared_ptr<SubmitJob> job;
  for (int batch = 0; batch < 4; ++batch) {
    fixture.submit(1);
    const std::vector<Order> orders = fixture.take();
    job = std::get<AppendOrder>(orders.back()).futures;
  }
  fixture.submit(3);
  CHECK(fixture.take().empty());
  CHECK(fixture.intake->may_sleep(0));
  fixture.submit(1);
  CHECK(wakes(*fixture.intake) == 0);
  fixture.intake->accepted(*job, 1);
  const std::vector<Order> orders = fixture.take();
  REQUIRE(orders.size() == 1);
  CHECK(std::get<AppendOrder>(orders.front()).arguments.count() == 4);
}

}  // namespace zonda::test
