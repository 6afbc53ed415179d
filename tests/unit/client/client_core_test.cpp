#include <catch2/catch.hpp>
#include <map>
#include <sstream>

#include "tests/unit/client/client_fixture.h"

using namespace zonda;
using Lines = std::vector<std::string>;

namespace {

// A job of three tasks in batches of two and one, closed and said.
struct Said : ClientFixture {
  JobId job = new_job(1);
  Said() {
    append(job, 2);
    append(job, 1);
    core->close(job);
    welcome();
    took_messages();
  }
};

}  // namespace

TEST_CASE("a job is opened, appended and closed in this order, once there is a session") {
  ClientFixture client;
  const JobId job = client.new_job(1);
  client.append(job, 2);
  client.core->close(job);
  client.settle();
  CHECK(client.took_messages().empty());
  client.welcome();
  CHECK(client.took_messages() ==
        Lines{"open-job 1 position=0 accepted=0", "append 1 [0,2)", "close-job 1 count=2"});
  client.settle();
  CHECK(client.took_messages().empty());
}

TEST_CASE("batches wait for credit, and jobs take turns") {
  ClientFixture client;
  const JobId one = client.new_job(1);
  const JobId two = client.new_job(2);
  for (int n = 0; n < 2; ++n) client.append(one, 2), client.append(two, 2);
  client.welcome(4);
  CHECK(client.took_messages() == Lines{"open-job 1 position=0 accepted=0",
                                        "open-job 2 position=0 accepted=0", "append 1 [0,2)",
                                        "append 2 [0,2)"});
  client.broker_says(Accepted{one, 2, false}, 6);
  CHECK(client.took_messages() == Lines{"append 1 [2,4)"});
  client.broker_says(Credit{}, 8);
  CHECK(client.took_messages() == Lines{"append 2 [2,4)"});
}

TEST_CASE("a job is opened without credit: it may be refused, or known") {
  ClientFixture client;
  client.append(client.new_job(1), 1);
  client.welcome(0, 0);
  CHECK(client.took_messages() == Lines{"open-job 1 position=0 accepted=0"});
  CHECK_FALSE(client.core->has_more());
}

TEST_CASE("tasks are cancelled when they were sent, not before") {
  ClientFixture client;
  const JobId job = client.new_job(1);
  client.append(job, 2);
  client.append(job, 2);
  client.core->cancel(job, 0, 2);
  client.core->cancel(job, 2, 1);
  client.welcome(2);
  CHECK(client.took_messages() ==
        Lines{"open-job 1 position=0 accepted=0", "append 1 [0,2)", "cancel 1 [0,2)"});
  client.broker_says(Credit{}, 4);
  CHECK(client.took_messages() == Lines{"append 1 [2,4)", "cancel 1 [2,3)"});
}

TEST_CASE("that all was accepted after all is what a close or a cancel waits for") {
  Said client;
  client.loses_session();
  SECTION("a close") {
    client.welcome(0, 0);
    CHECK(client.took_messages() == Lines{"open-job 1 position=0 accepted=0"});
    client.broker_says(Accepted{client.job, 3, false});
    CHECK(client.took_messages() == Lines{"close-job 1 count=3"});
  }
  SECTION("a cancel of a task") {
    client.core->cancel(client.job, 2, 1);
    client.welcome(0, 0);
    client.took_messages();
    client.broker_says(Accepted{client.job, 3, false});
    CHECK(client.took_messages() == Lines{"cancel 1 [2,3)", "close-job 1 count=3"});
  }
}

TEST_CASE("a cancel waits for no credit: it may be what gives some") {
  Said client;
  client.broker_says(Accepted{client.job, 2, false});
  client.loses_session();
  client.core->cancel(client.job, 0, 0);
  client.welcome(0, 0);
  CHECK(client.took_messages() == Lines{"open-job 1 position=0 accepted=2", "cancel 1"});
  CHECK(client.core->unaccepted_tasks() == 0);
}

TEST_CASE("in a new session a client says what it received, and of which epoch the last of that was") {
  Said client;
  client.broker_says(Accepted{client.job, 3, true});
  client.outcomes(client.job, 0, 0, 1, 5);
  client.outcomes(client.job, 1, 2, 1, 6);
  client.core->acknowledge(client.job, 1);
  client.settle();
  client.took_messages();
  client.loses_session();
  client.welcome();
  CHECK(client.took_messages() ==
        Lines{"open-job 1 position=1 accepted=3 received=2 epoch=6", "close-job 1 count=3"});
}

TEST_CASE("a flood of jobs goes out a few frames at a time, each in its order") {
  ClientFixture client;
  constexpr std::uint8_t kJobs = 200;
  client.frames_max = 5;
  for (std::uint8_t n = 1; n <= kJobs; ++n) {
    const JobId job = client.new_job(n);
    client.append(job, 1);
    client.core->close(job);
  }
  std::map<std::string, int> steps;
  std::size_t turns = 0;
  for (client.welcome();; client.settle()) {
    const Lines messages = client.took_messages();
    if (messages.empty()) break;
    ++turns;
    CHECK(messages.size() <= 5 + 3);
    for (const std::string& line : messages) {
      std::istringstream words(line);
      std::string what, job;
      words >> what >> job;
      CHECK(steps[job]++ == (what == "open-job" ? 0 : what == "append" ? 1 : 2));
    }
  }
  CHECK_FALSE(client.core->has_more());
  CHECK(turns >= kJobs * 3 / 8);
  CHECK(steps.size() == kJobs);
  for (const auto& [job, said] : steps) CHECK(said == 3);
}

TEST_CASE("what was not accepted of a job that is dropped is not kept, session or none") {
  Said client;
  client.loses_session();
  client.append(client.new_job(2), 5);
  for (const JobId& job : {client.job, client.id(2)}) {
    client.core->cancel(job, 0, 0);
    client.core->drop(job);
  }
  CHECK(client.core->unaccepted_tasks() == 0);
  client.welcome();
  CHECK(client.took_messages() == Lines{"open-job 1 position=0 accepted=0", "cancel 1",
                                        "open-job 2 position=0 accepted=0", "cancel 2"});
}

TEST_CASE("a job that was left is forgotten when the broker has read that, and no later one is") {
  ClientFixture client;
  client.welcome();
  std::vector<JobId> jobs;
  for (std::uint8_t n = 1; n <= 3; ++n) client.append(jobs.emplace_back(client.new_job(n)), 1);
  const auto leaves = [&](const JobId& job) {
    client.core->cancel(job, 0, 0);
    client.core->drop(job);
    client.settle();
  };
  leaves(jobs[0]);
  leaves(jobs[1]);
  client.core->attach(jobs[0], 0);  // back, and left once more
  leaves(jobs[0]);
  client.broker_read_all();
  leaves(jobs[2]);
  client.broker_says(Credit{});
  client.took_messages();
  client.loses_session();
  client.welcome();
  CHECK(client.took_messages() == Lines{"open-job 3 position=0 accepted=0", "cancel 3"});
}

TEST_CASE("a cancel is obeyed when the broker has read it") {
  ClientFixture client;
  const JobId job = client.new_job(1);
  client.append(job, 1);
  client.welcome();
  CHECK(client.core->is_obeyed());
  client.core->cancel(job, 0, 0);
  client.settle();
  client.broker_says(Credit{});
  CHECK_FALSE(client.core->is_obeyed());
  client.broker_read_all();
  client.broker_says(Credit{});
  CHECK(client.core->is_obeyed());
}

TEST_CASE("a job is closed when its last batch was sent, not before") {
  ClientFixture client;
  const JobId job = client.new_job(1);
  client.append(job, 2);
  client.append(job, 2);
  client.core->close(job);
  client.welcome(2);
  CHECK(client.took_messages() == Lines{"open-job 1 position=0 accepted=0", "append 1 [0,2)"});
  client.broker_says(Credit{}, 4);
  CHECK(client.took_messages() == Lines{"append 1 [2,4)", "close-job 1 count=4"});
}

TEST_CASE("what was not accepted is counted until it is") {
  ClientFixture client;
  const JobId job = client.new_job(1);
  client.append(job, 2);
  client.append(job, 3);
  client.welcome();
  CHECK(client.core->unaccepted_tasks() == 5);
  client.broker_says(Accepted{job, 2, false});
  CHECK(client.core->unaccepted_tasks() == 3);
  client.broker_says(Accepted{job, 5, false});
  CHECK(client.core->unaccepted_bytes() == 0);
}

TEST_CASE("a new session hears of all that the broker may not know") {
  Said client;
  client.broker_says(Accepted{client.job, 2, false});
  client.outcomes(client.job, 0, 0, 1);
  client.core->acknowledge(client.job, 1);
  client.settle();
  client.took_messages();
  client.loses_session();
  client.welcome();
  CHECK(client.took_messages() ==
        Lines{"open-job 1 position=1 accepted=2", "append 1 [2,3)", "close-job 1 count=3"});
}

TEST_CASE("outcomes that come twice are handed on once") {
  Said client;
  client.outcomes(client.job, 0, 0, 2);
  client.outcomes(client.job, 0, 0, 2);
  client.outcomes(client.job, 1, 1, 2);
  CHECK(client.took_heard() == Lines{"outcomes 1 at=0 [0,2)", "outcomes 1 at=2 [2,3)"});
}

TEST_CASE("outcomes beyond a gap are not handed on") {
  Said client;
  client.outcomes(client.job, 1, 1, 1);
  CHECK(client.took_heard().empty());
}

TEST_CASE("a broker that lost its memory has lost what it accepted, and is told the rest again") {
  ClientFixture client;
  const JobId accepted = client.new_job(1);
  const JobId fresh = client.new_job(2);
  client.append(accepted, 1);
  client.append(fresh, 1);
  client.welcome();
  client.broker_says(Accepted{accepted, 1, false});
  client.took_messages();
  client.took_heard();
  client.loses_session();
  client.welcome(1'000, 1'000'000, 2);
  CHECK(client.took_heard() == Lines{"lost 1"});
  CHECK(client.took_messages() == Lines{"open-job 2 position=0 accepted=0", "append 2 [0,1)"});
}

TEST_CASE("cancelling a job takes back what was not sent, and is said again in a new session") {
  ClientFixture client;
  const JobId job = client.new_job(1);
  client.append(job, 2);
  client.append(job, 2);
  client.welcome(2);
  client.took_messages();
  client.core->cancel(job, 0, 0);
  client.settle();
  CHECK(client.took_messages() == Lines{"cancel 1"});
  CHECK(client.core->unaccepted_tasks() == 2);
  client.loses_session();
  client.welcome();
  CHECK(client.took_messages() == Lines{"open-job 1 position=0 accepted=0", "cancel 1"});
}

TEST_CASE("some tasks of a job are cancelled without closing it") {
  Said client;
  client.core->cancel(client.job, 1, 1);
  client.settle();
  CHECK(client.took_messages() == Lines{"cancel 1 [1,2)"});
}

TEST_CASE("a job that ends before all of it was accepted is over with what was") {
  Said client;
  client.broker_says(Accepted{client.job, 2, true});
  CHECK(client.took_heard() == Lines{"accepted 1 2 closed"});
  CHECK(client.core->unaccepted_tasks() == 0);
}

TEST_CASE("a refused job is gone, with what it had not sent") {
  ClientFixture client;
  const JobId job = client.new_job(1);
  client.append(job, 2);
  client.append(job, 2);
  client.welcome(2);
  client.took_messages();
  client.broker_says(JobRefused{job, JobRefusedCode::Signature, "no"}, 1'000);
  CHECK(client.took_heard() == Lines{"job-refused 1: no"});
  CHECK(client.took_messages().empty());
  CHECK(client.core->unaccepted_tasks() == 0);
  CHECK_FALSE(client.core->has_more());
}

TEST_CASE("a job that was read to its end and is not known any more was not refused") {
  Said client;
  client.broker_says(Accepted{client.job, 3, false});  // that it is closed was not heard of
  client.outcomes(client.job, 0, 0, 3);
  client.core->acknowledge(client.job, 3);
  client.settle();
  client.took_heard();
  client.loses_session();
  client.welcome();
  client.broker_says(JobRefused{client.job, JobRefusedCode::NotFound, "no such job"});
  CHECK(client.took_heard() == Lines{"accepted 1 3 closed"});
}

TEST_CASE("a key that names an earlier job is read there from the beginning") {
  Said client;
  JobId existing;
  existing.bytes[15] = 9;
  client.broker_says(SameJob{client.job, existing});
  CHECK(client.took_heard() == Lines{"same-job 1 9"});
  CHECK(client.took_messages() == Lines{"attach 9 position=0"});
  CHECK(client.core->unaccepted_tasks() == 0);
}

TEST_CASE("questions are asked again in a new session until they are answered") {
  ClientFixture client;
  client.core->ask(1, "status", {});
  client.core->ask(2, "job.list", {});
  client.welcome();
  CHECK(client.took_messages() == Lines{"query 1", "query 2"});
  client.broker_says(Reply{1, ReplyCode::Ok, {}, true, {}});
  client.loses_session();
  client.welcome();
  CHECK(client.took_messages() == Lines{"query 2"});
  client.broker_says(Reply{1, ReplyCode::Ok, {}, true, {}});  // nobody asked
  CHECK(client.took_heard() == Lines{"reply 1"});
}

TEST_CASE("the last word on a job that was dropped is said again until the broker has read it") {
  Said client;
  client.broker_says(Accepted{client.job, 3, true});
  client.outcomes(client.job, 0, 0, 3);
  client.core->acknowledge(client.job, 3);
  client.core->drop(client.job);
  client.settle();
  CHECK(client.took_messages() == Lines{"ack 1 3"});
  client.took_heard();
  client.loses_session();
  client.welcome();
  CHECK(client.took_messages() == Lines{"open-job 1 position=3 accepted=3", "close-job 1 count=3"});
  client.broker_says(JobRefused{client.job, JobRefusedCode::NotFound, "no such job"});
  CHECK(client.took_heard().empty());
  client.broker_read_all();
  client.broker_says(Heartbeat{});
  client.loses_session();
  client.welcome();
  CHECK(client.took_messages().empty());
}

TEST_CASE("a job of our own that was dropped, and is what a key names, is still closed") {
  Said client;
  client.broker_says(Accepted{client.job, 3, false});
  client.outcomes(client.job, 0, 0, 3);
  client.core->acknowledge(client.job, 3);
  client.core->drop(client.job);
  const JobId again = client.new_job(2);
  SECTION("when the broker was told that we left") { client.settle(); }
  SECTION("when it was not yet") {}
  client.took_messages();
  client.broker_says(SameJob{again, client.job});
  CHECK(client.took_messages().back() == "open-job 1 position=0 accepted=3");
  client.loses_session();
  client.welcome();
  CHECK(client.took_messages() == Lines{"open-job 1 position=0 accepted=3", "close-job 1 count=3"});
  client.took_heard();
  client.outcomes(client.job, 0, 0, 3);
  CHECK(client.took_heard() == Lines{"outcomes 1 at=0 [0,3)"});
}

TEST_CASE("outcomes of a job that was dropped are nobody's business") {
  Said client;
  client.core->drop(client.job);
  client.outcomes(client.job, 0, 0, 1);
  CHECK(client.took_heard().empty());
}
