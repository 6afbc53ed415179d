#include <zonda/client.h>
#include <zonda/detail/codec.h>

#include <catch2/catch.hpp>
#include <vector>

#include "sdk/cpp/src/client_access.h"
#include "tests/integration/sdk/test_cluster.h"

namespace zonda::test {

using namespace std::chrono_literals;

namespace {
JobSpec square_job() {
  JobSpec spec;
  spec.function = "test.square";
  return spec;
}
constexpr std::string_view kSeven{"\x91\x07", 2};
}  // namespace

TEST_CASE("the tool asks questions and gets all pages, or the reason") {
  TestBroker broker;
  ClientAccess access(ClientOptions{.broker = broker.address()});
  CHECK_FALSE(access.broker());
  CHECK_FALSE(access.wait_connected(10s));
  CHECK(access.broker()->durability == "memory");
  const QueryAnswer status = access.ask("status", {}, 10s);
  CHECK(status.ok());
  CHECK(status.bodies.size() == 1);
  CHECK(access.ask("nonsense", {}, 10s).code == ReplyCode::Usage);
  broker.stop();
  CHECK(access.ask("status", {}, 10ms).failure->kind == TaskReport::timed_out);
}

TEST_CASE("the tool hears that nobody is there") {
  ClientAccess access(ClientOptions{.broker = "ipc:///tmp/zonda-nobody-is-here", .connect_timeout = 20ms});
  CHECK(access.wait_connected(10s)->kind == TaskReport::unreachable);
  CHECK(access.ask("status", {}, 10s).failure->kind == TaskReport::unreachable);
}

TEST_CASE("the tool runs a job of any kind and gets outcomes as bytes") {
  TestBroker broker;
  TestWorker worker(broker);
  ClientAccess access(ClientOptions{.broker = broker.address()});
  const std::unique_ptr<JobChannel> job = access.open(square_job());
  job->append(kSeven);
  job->append("\x92\x01\x02");  // one argument too many
  job->close();
  CHECK(job->wait_accepted(10s));
  CHECK(job->count() == 2);
  int values = 0;
  for (;;) {
    const std::optional<JobEvent> event = job->next(10s);
    REQUIRE(event);
    if (const auto* end = std::get_if<JobEnd>(&*event)) {
      CHECK_FALSE(end->failure);
      CHECK(end->count == 2);
      break;
    }
    const auto& outcome = std::get<TaskOutcome>(*event);
    CHECK(outcome.attempt == 1);
    CHECK_FALSE(outcome.worker.empty());
    if (outcome.has_value()) {
      CHECK(detail::decode_whole<int>(outcome.payload) == 49);
      ++values;
    } else {
      CHECK(outcome.report().type == "DecodeError");
    }
  }
  CHECK(values == 1);
  CHECK_FALSE(job->next(0ms));
}

TEST_CASE("the tool attaches to a job, and a wait can be interrupted") {
  TestBroker broker;
  ClientAccess access(ClientOptions{.broker = broker.address()});
  JobSpec spec = square_job();
  spec.detached = true;
  JobId id;
  {
    const std::unique_ptr<JobChannel> job = access.open(spec);
    job->append(kSeven);
    job->close();
    id = job->id();
    CHECK(job->wait_accepted(10s));
    job->interrupt();
    CHECK_FALSE(job->next(10s));
  }
  ClientAccess other(ClientOptions{.broker = broker.address()});
  const std::unique_ptr<JobChannel> reader = other.attach(id);
  TestWorker worker(broker);
  const std::optional<JobEvent> event = reader->next(10s);
  REQUIRE(event);
  CHECK(std::get<TaskOutcome>(*event).index == 0);
  CHECK(std::holds_alternative<JobEnd>(*reader->next(10s)));
  const std::unique_ptr<JobChannel> unknown = other.attach(JobId{});
  CHECK(std::get<JobEnd>(*unknown->next(10s)).failure->type == "not_found");
}

}  // namespace zonda::test
