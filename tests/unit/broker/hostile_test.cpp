// A peer's mistake is answered or counted. It has no effect on others, and never stops the broker.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

// One client with a running task, one worker that holds it, and one worker that means ill.
struct Scene {
  BrokerFixture broker;
  Peer victim = broker.join_worker();
  JobId job = broker.submit("f", 2);
  Peer mallory = broker.join_worker({.functions = {{"g", "()"}}});
  Scene() { broker.ignores_messages(); }

  // The task is still its holder's, and nobody heard anything.
  void check_unharmed() {
    CHECK(broker.leases_of(victim) == 1);
    CHECK(broker.core().job(job)->counts.leased == 1);
    CHECK(broker.core().job(job)->counts.ready == 1);
    CHECK(broker.is_silent());
  }
};

const Values kOne(1, "x");

}  // namespace

TEST_CASE("a worker that speaks as a client is counted and not obeyed") {
  Scene scene;
  const std::vector<Message> messages{OpenJob{scene.job, job_of(), 0, 0},
                                      Append{scene.job, 2, 0, kOne.column()},
                                      CloseJob{scene.job, 2},
                                      Attach{scene.job, 0},
                                      OutcomeAck{scene.job, 0},
                                      Cancel{scene.job, 0, 0},
                                      Query{1, "broker.stop", {}}};
  for (const Message& message : messages) scene.broker.says(scene.mallory, message);
  CHECK(scene.broker.core().counters().frames_bad == messages.size());
  CHECK_FALSE(scene.broker.core().stop_asked());
  scene.check_unharmed();
}

TEST_CASE("a client that speaks as a worker is counted and not obeyed") {
  Scene scene;
  const Held all = BrokerFixture::held(scene.job, {0, 2}, 1);
  const std::vector<Message> messages{Holdings{{all}, true},
                                      Started{{all}},
                                      Returned{{all}},
                                      Drain{},
                                      Output{scene.job, 0, 1, 1, 1, 1, 0, "x"},
                                      WorkerProgress{scene.job, 0, 1, 1, 1, 1, ""}};
  for (const Message& message : messages) scene.broker.says(scene.broker.client(), message);
  CHECK(scene.broker.core().counters().frames_bad == messages.size());
  scene.check_unharmed();
}

TEST_CASE("what only the broker says is counted when a peer says it") {
  Scene scene;
  const std::vector<Message> messages{Welcome{}, Who{},  Refuse{},  Accepted{}, Outcomes{}, Tasks{},
                                      Stored{},  Stop{}, Retract{}, Reply{},    SameJob{}};
  for (const Message& message : messages) scene.broker.says(scene.mallory, message);
  for (const Message& message : messages) scene.broker.says(scene.broker.client(), message);
  CHECK(scene.broker.core().counters().frames_bad == 2 * messages.size());
  scene.check_unharmed();
}

TEST_CASE("results on the back port, and other things on the sink, are counted") {
  Scene scene;
  scene.broker.says(scene.mallory, WorkerResults{{{scene.job, 0, 1, 1, 1, {}, kOne.column()}}});
  CHECK(scene.broker.core().counters().frames_bad == 1);
  scene.broker.says_to_sink(scene.mallory, Goodbye{});
  CHECK(scene.broker.core().counters().frames_bad == 2);
  CHECK(scene.broker.took_message_to(scene.mallory) == "stored upto=1");
  scene.check_unharmed();
}

TEST_CASE("a worker that returns, or tells as started, what another holds moves nothing") {
  Scene scene;
  scene.broker.returns(scene.mallory, scene.job, {0, 2}, 1);
  scene.broker.started(scene.mallory, scene.job, {0, 2}, 1);
  CHECK_FALSE(scene.broker.core().job(scene.job)->segments.find(0)->started);
  scene.check_unharmed();
}

TEST_CASE("a worker that lists what another holds is told to forget it") {
  Scene scene;
  scene.broker.reconnects(scene.mallory, {BrokerFixture::held(scene.job, {0, 1}, 1, true)});
  CHECK(scene.broker.took_message_to(scene.mallory) == "stop job=1 [0,1) lease=1");
  CHECK(scene.broker.leases_of(scene.mallory) == 0);
  scene.check_unharmed();
}

TEST_CASE("a worker does not adopt what a lease of another left behind") {
  BrokerFixture broker;
  const Peer victim = broker.join_worker({.slots = 2});
  const JobId job = broker.submit("f", 2);
  broker.says(victim, Drain{});
  broker.returns(victim, job, {1, 2}, 1);  // ready, and the lease goes on with the other task
  const Peer mallory = broker.join_worker({.functions = {{"g", "()"}}});
  broker.ignores_messages();
  broker.reconnects(mallory, {BrokerFixture::held(job, {1, 2}, 1, true)});
  CHECK(broker.took_message_to(mallory) == "stop job=1 [1,2) lease=1");
  CHECK(broker.leases_of(mallory) == 0);
  broker.loses_connection(mallory);
  broker.advance(1s);
  CHECK(broker.core().job(job)->counts.leased == 1);
}

TEST_CASE("ranges without end harm nobody") {
  Scene scene;
  const Held endless{scene.job, 1, ~0ULL, 1, 1, true};
  scene.broker.says(scene.mallory, Started{{endless}});
  scene.broker.says(scene.mallory, Returned{{endless}});
  scene.broker.says_to_sink(scene.mallory, WorkerResults{{{scene.job, ~0ULL, 1, 1, 1, {}, kOne.column()}}});
  scene.broker.reconnects(scene.mallory, {endless});
  scene.broker.ignores_messages();
  scene.check_unharmed();
}

TEST_CASE("a range of its own whose end wraps around, or that is empty, changes nothing") {
  BrokerFixture broker;
  const Peer worker = broker.join_worker({.slots = 8});
  const JobId job = broker.submit("f", 8);
  broker.ignores_messages();
  const Held wrapped{job, 5, ~0ULL - 1, 1, 1, true};
  const Held empty{job, 5, 0, 1, 1, true};
  broker.says(worker, Started{{wrapped, empty}});
  broker.says(worker, Returned{{wrapped, empty}});
  CHECK(broker.core().job(job)->counts.leased == 8);
  broker.returns(worker, job, {5, 6}, 1);
  broker.ignores_messages();
  broker.finishes(worker, job, {5, 6}, 2);
  broker.reconnects(worker, {BrokerFixture::held(job, {0, 5}, 1), empty, wrapped});
  broker.says(worker, Goodbye{});
  CHECK(broker.core().roster().all().empty());
}

TEST_CASE("a stale result does not change what is known of how long tasks take") {
  Scene scene;
  scene.broker.says_to_sink(scene.mallory, WorkerResults{{{scene.job, 0, 1, 9, 1, {}, kOne.column()}}});
  CHECK(scene.broker.core().job(scene.job)->task_us == 0);
}

TEST_CASE("bytes that are no frame are counted") {
  Scene scene;
  for (const std::string& bytes : {std::string("x"), std::string(100, '\xff'), std::string("\x90")})
    scene.broker.sends_bytes(scene.mallory, bytes);
  CHECK(scene.broker.core().counters().frames_bad == 3);
  scene.check_unharmed();
}

TEST_CASE("questions that make no sense are answered") {
  Scene scene;
  const Peer client = scene.broker.client();
  CHECK(scene.broker.asks(client, "what?").code == ReplyCode::Usage);
  CHECK(scene.broker.asks(client, "job.info", {{"job", "x"}}).code == ReplyCode::Usage);
  CHECK(scene.broker.asks(client, "job.info", {{"job", to_string(JobId{})}}).code == ReplyCode::NotFound);
  CHECK(scene.broker.asks(client, "task.info", {{"job", to_string(scene.job)}, {"index", "2"}}).code ==
        ReplyCode::NotFound);
  CHECK(scene.broker.asks(client, "worker.drain", {{"worker", "nobody"}}).code == ReplyCode::NotFound);
  CHECK(scene.broker.asks(client, "job.forget", {{"job", to_string(scene.job)}}).code == ReplyCode::Refused);
  scene.broker.says(client, Query{9, "status", "\xc1"});  // no msgpack
  CHECK(scene.broker.took_message_to(client) == "reply");
  scene.broker.says(client, Query{9, "status", "\x81"});  // cut off
  CHECK(scene.broker.took_message_to(client) == "reply");
  scene.check_unharmed();
}

TEST_CASE("messages that never end take no more memory than is allowed") {
  BrokerConfig config;
  config.memory_limit = 1 << 20;
  BrokerFixture broker(config);
  const Peer mallory = broker.join_client("mallory"), jane = broker.join_client("jane");
  const std::string bytes(600'000, 'x');
  for (std::uint64_t offset = 0; offset < 6; ++offset)  // alone, it may go on
    broker.says(mallory, Piece{1 << 30, offset * bytes.size(), bytes});
  CHECK(broker.took_message_to(mallory) == "nothing");
  broker.says(jane, Piece{1'000'000, 0, bytes});
  CHECK(broker.took_message_to(mallory) == "who");
  CHECK(broker.took_message_to(jane) == "nothing");
  CHECK(broker.heard_event("too-many-pieces bytes=3600000"));
  broker.says(jane, Piece{1'000'000, 600'000, bytes});  // beyond its end
  CHECK(broker.took_message_to(jane) == "who");
}
