// Whose key it is decides what a peer may do, and when that ends.
#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

PublicKey key_of(std::uint8_t number) {
  PublicKey key;
  key.bytes.fill(number);
  return key;
}

const PublicKey kWorker = key_of(1), kJane = key_of(2), kJoe = key_of(3), kBoss = key_of(4), kEye = key_of(5),
                kToken = key_of(6), kNobody = key_of(7);

std::string line(const char* role, const PublicKey& key, const char* name, const char* more = "") {
  return std::string(role) + " " + to_string(key) + " " + name + " " + more + "\n";
}

struct KeysFixture : BrokerFixture {
  KeysFixture() { authorises(all + line("client", kJoe, "joe")); }

  Peer client(const PublicKey& key) {
    const Peer peer = connect(client_hello("mine", ++number), key);
    REQUIRE(took_message_to(peer) == "welcome");
    return peer;
  }
  Peer worker() {
    const Peer peer = connect(worker_hello({}, ++number), kWorker);
    REQUIRE(took_message_to(peer) == "welcome");
    hello_of(peer);
    says(peer, Holdings{{}, true});
    raises_credit(peer, 1'000, 1 << 20);
    return peer;
  }
  std::string answer_to(Hello hello, const PublicKey& key) {
    hello.peer.bytes[14] = ++number;
    return took_message_to(connect(hello, key));
  }

  // All of them but joe.
  const std::string all = line("worker", kWorker, "lab") + line("client", kJane, "jane") +
                          line("admin", kBoss, "boss") + line("monitor", kEye, "eye") +
                          line("worker", kToken, "elastic", "uses=2");
  std::uint8_t number = 20;
};

std::uint64_t jobs_in(const BrokerFixture::Answer& answer) {
  std::uint64_t count = 0;
  for (const std::string& page : answer.pages) {  // an array of up to 15 maps
    REQUIRE((static_cast<unsigned char>(page.at(0)) & 0xf0u) == 0x90u);
    count += static_cast<unsigned char>(page[0]) & 0x0fu;
  }
  return count;
}

std::string id_of(const JobId& job) { return to_string(job); }

}  // namespace

TEST_CASE_METHOD(KeysFixture, "a session is for a key of its role, and for no other") {
  const Hello worker = worker_hello({}, 7), client = client_hello("", 8);
  CHECK(answer_to(worker, kWorker) == "welcome");
  CHECK(answer_to(client, kJane) == "welcome");
  CHECK(answer_to(client, kBoss) == "welcome");
  CHECK(answer_to(client, kEye) == "welcome");
  CHECK(answer_to(client, kWorker) ==
        "refuse not-authorised: the key lab is of the role worker, which runs tasks and nothing else");
  CHECK(answer_to(worker, kJane) ==
        "refuse not-authorised: the key jane is of the role client, which runs no tasks");
  CHECK(answer_to(worker, kBoss).starts_with("refuse not-authorised"));
  CHECK(answer_to(worker, kNobody) == "refuse not-authorised: the broker does not admit this key");
  CHECK(answer_to(worker, kToken).starts_with("refuse not-authorised: the key elastic is a join token's"));
}

TEST_CASE_METHOD(KeysFixture, "who shows no key where keys are asked for is refused") {
  CHECK(took_message_to(connect(worker_hello({}, 7))) ==
        "refuse not-authorised: the broker does not admit this key");
}

TEST_CASE_METHOD(KeysFixture, "a refused peer that does not listen is told and logged rarely") {
  const Peer peer = connect(client_hello("", 8), kNobody);
  CHECK(took_message_to(peer).starts_with("refuse"));
  for (int times = 0; times < 100; ++times) says_hello(peer);
  CHECK(took_message_to(peer) == "nothing");
  advance(250ms);
  says_hello(peer);
  CHECK(took_message_to(peer).starts_with("refuse"));
}

TEST_CASE_METHOD(KeysFixture, "a client is called what its key is called") {
  const Peer jane = client(kJane);
  submit(jane, job_of(), 1);
  const Answer answer = asks(jane, "job.list");
  CHECK(answer.pages.at(0).find("jane") != std::string::npos);
  CHECK(answer.pages.at(0).find("mine") == std::string::npos);
}

TEST_CASE_METHOD(KeysFixture, "others' jobs do not exist for a client") {
  const Peer jane = client(kJane), joe = client(kJoe);
  JobSpec spec = job_of();
  spec.detached = true;
  const JobId job = submit(jane, spec, 2);
  CHECK(jobs_in(asks(jane, "job.list")) == 1);
  CHECK(jobs_in(asks(joe, "job.list")) == 0);
  for (const char* what : {"job.info", "job.cancel", "job.forget", "job.retry", "task.list"}) {
    INFO(what);
    CHECK(asks(joe, what, {{"job", id_of(job)}}).code == ReplyCode::NotFound);
  }
  says(joe, Attach{job, 0, 0, 0});
  CHECK(took_message_to(joe).starts_with("job-refused job=1 not-found"));
  opens(joe, job, spec);
  CHECK(took_message_to(joe) == "job-refused job=1 conflict: another job has this id");
  says(joe, CloseJob{job, 2});
  CHECK(took_message_to(joe) == "job-refused job=1 not-found: no such job");
  appends(joe, job, 2, 1);
  CHECK(took_message_to(joe) == "job-refused job=1 not-found: no such job");
  says(joe, Cancel{job, 0, 0});
  CHECK(took_message_to(joe) == "nothing");
  says(joe, OutputRoom{job, 0, 0, 1 << 20});
  CHECK(asks(jane, "job.info", {{"job", id_of(job)}}).code == ReplyCode::Ok);
  CHECK(core().job(job)->counts.open() == 2);
}

TEST_CASE_METHOD(KeysFixture, "nor do those that are over, or their keys") {
  const Peer jane = client(kJane), joe = client(kJoe), w = worker();
  const JobId job = submit(jane, job_of(), 1);
  finishes(w, job, {0, 1}, 1);
  acknowledges(jane, job, 1);
  CHECK(core().job(job) == nullptr);
  CHECK(jobs_in(asks(jane, "job.list")) == 1);
  CHECK(jobs_in(asks(joe, "job.list")) == 0);
  CHECK(asks(joe, "job.info", {{"job", id_of(job)}}).code == ReplyCode::NotFound);
  CHECK(asks(joe, "job.forget", {{"job", id_of(job)}}).code == ReplyCode::NotFound);
  JobSpec keyed = job_of();
  keyed.key = "nightly";
  submit(jane, keyed, 1);
  submit(joe, keyed, 1);  // or it would be the same job
  CHECK(jobs_in(asks(joe, "job.list")) == 1);
}

TEST_CASE_METHOD(KeysFixture, "an administrator has to do with everybody's jobs, and alone runs the place") {
  const Peer jane = client(kJane), boss = client(kBoss);
  const JobId job = submit(jane, job_of(), 1);
  worker();
  for (const char* what :
       {"worker.drain", "worker.stop", "broker.stop", "broker.backup", "pool.report", "pool.scale"}) {
    INFO(what);
    CHECK(asks(jane, what, {{"worker", "w"}}).code == ReplyCode::NotAuthorised);
  }
  CHECK(asks(jane, "broker.stop").text ==
        "the key jane is of the role client, which may not ask for broker.stop");
  CHECK_FALSE(core().stop_asked());
  CHECK(asks(jane, "status").code == ReplyCode::Ok);
  CHECK(asks(jane, "worker.list").code == ReplyCode::Ok);
  CHECK(asks(boss, "job.cancel", {{"job", id_of(job)}}).code == ReplyCode::Ok);
  CHECK(asks(boss, "nonsense").code == ReplyCode::Usage);
  CHECK(asks(boss, "broker.stop").code == ReplyCode::Ok);
  CHECK(core().stop_asked());
}

TEST_CASE_METHOD(KeysFixture, "a monitor sees all and changes nothing") {
  const Peer jane = client(kJane), eye = client(kEye), w = worker();
  const JobId job = submit(jane, job_of(), 2);
  CHECK(jobs_in(asks(eye, "job.list")) == 1);
  CHECK(asks(eye, "task.list", {{"job", id_of(job)}}).code == ReplyCode::Ok);
  for (const char* what : {"job.cancel", "job.retry", "job.forget", "worker.drain", "broker.stop"}) {
    INFO(what);
    CHECK(asks(eye, what, {{"job", id_of(job)}}).code == ReplyCode::NotAuthorised);
  }
  says(eye, Attach{job, 0, 0, 0});
  CHECK(took_message_to(eye).starts_with("accepted"));
  const std::uint64_t bad = core().counters().frames_bad;
  says(eye, Cancel{job, 0, 0});
  says(eye, CloseJob{job, 2});
  says(eye, OutputRoom{job, 0, 0, 1 << 20});
  CHECK(core().counters().frames_bad == bad + 3);
  const JobId own = new_job_id();
  opens(eye, own, job_of());
  CHECK(took_message_to(eye) == "job-refused job=2 not-yours: the key eye may look, and change nothing");
  finishes(w, job, {0, 1}, 1);
  CHECK(took_message_to(eye).starts_with("outcomes"));
}

TEST_CASE_METHOD(KeysFixture, "a monitor that does not read is nobody's burden") {
  const Peer jane = client(kJane), eye = client(kEye), w = worker();
  const JobId job = submit(jane, job_of(), 1);
  says(eye, Attach{job, 0, 0, 0});
  finishes(w, job, {0, 1}, 1);
  acknowledges(jane, job, 1);
  CHECK(core().job(job) == nullptr);
  CHECK(core().memory_used() == 0);
}

TEST_CASE_METHOD(KeysFixture, "a name that is away is not another key's to take") {
  const PublicKey other = key_of(9);
  authorises(all + line("worker", other, "other"));
  const Peer w = worker();
  loses_connection(w);
  Hello hello = hello_of(w);
  hello.peer.bytes[0] = 7;
  CHECK(took_message_to(connect(hello, other)).starts_with("refuse name-taken"));
  reconnects(w);
}

TEST_CASE_METHOD(KeysFixture, "who asks again and again to be enrolled is heard now and then") {
  const Peer fresh = connect(worker_hello({}, 30), kToken);
  took_message_to(fresh);
  for (int times = 0; times < 100; ++times)
    sends_bytes(fresh, encode(Header{}, Enrol{to_string(kNobody), "x" + std::to_string(times)}));
  CHECK(took_enrolments().size() == 1);
}

TEST_CASE_METHOD(KeysFixture, "a worker's key says what workers say, and finishes what it holds") {
  const Peer w = worker();
  const JobId job = submit(client(kJane), job_of(), 1);
  CHECK(took_message_to(w).starts_with("tasks"));
  const std::uint64_t bad = core().counters().frames_bad;
  says(w, Query{1, "status", {}});
  says(w, OpenJob{new_job_id(), job_of(), 0, 0, 0, 0});
  says(w, Cancel{job, 0, 0});
  says(w, Attach{job, 0, 0, 0});
  CHECK(core().counters().frames_bad == bad + 4);
  CHECK(core().job(job)->counts.open() == 1);
}

TEST_CASE_METHOD(KeysFixture, "frames of a session count only by its key") {
  const Peer w = worker(), jane = client(kJane);
  const JobId job = submit(jane, job_of(), 2);
  const std::uint64_t refused = core().counters().frames_refused;
  shows_key(w, kJoe);
  finishes(w, job, {0, 2}, 1);
  shows_key(jane, kJoe);
  says(jane, Cancel{job, 0, 0});
  CHECK(core().counters().frames_refused == refused + 2);
  CHECK(core().job(job)->done() == 0);
  shows_key(w, kWorker);
  finishes(w, job, {0, 2}, 1);
  CHECK(core().job(job)->done() == 0);  // the one before it is missing: the worker is asked to say it again
  advance(1ms);
  CHECK(took_messages_to(w).back() == "stored upto=0 resend");
}

TEST_CASE_METHOD(KeysFixture, "nobody takes over another key's session") {
  const Peer jane = client(kJane);
  const JobId job = submit(jane, job_of(), 1);
  Hello hello = hello_of(jane);
  ++hello.attempt;
  CHECK(took_message_to(connect(hello, kJoe)) == "refuse not-authorised: this session is another key's");
  hello.incarnation = 9;
  CHECK(took_message_to(connect(hello, kJoe)) == "refuse not-authorised: this session is another key's");
  CHECK(core().job(job)->counts.open() == 1);
}

TEST_CASE_METHOD(KeysFixture,
                 "a key that is taken away ends its worker, and what it held goes on elsewhere") {
  const PublicKey other = key_of(9);
  authorises(all + line("worker", other, "other"));
  const Peer w = worker();
  const JobId job = submit(client(kJane), job_of(), 2);
  CHECK(took_message_to(w).starts_with("tasks job=1"));
  started(w, job, {0, 1}, 1);
  authorises(line("client", kJane, "jane") + line("worker", other, "other"));
  CHECK(took_message_to(w) == "who");
  says_hello(w);
  CHECK(took_message_to(w) == "refuse not-authorised: the broker does not admit this key");
  finishes(w, job, {0, 1}, 1);
  CHECK(core().job(job)->done() == 0);
  const Peer fresh = connect(worker_hello({}, 19), other);
  CHECK(took_message_to(fresh) == "welcome");
  says(fresh, Holdings{{}, true});
  raises_credit(fresh, 100, 1 << 20);
  CHECK(took_message_to(fresh).starts_with("tasks job=1"));
  CHECK(heard_event("worker-lost worker=w"));
  CHECK(heard_event("key-revoked key=lab"));
}

TEST_CASE_METHOD(KeysFixture, "a client whose key is taken away is gone, and its detached jobs are not") {
  const Peer joe = client(kJoe);
  JobSpec detached = job_of();
  detached.detached = true;
  const JobId attached_job = submit(joe, job_of(), 1), detached_job = submit(joe, detached, 1);
  authorises(all);
  CHECK(took_message_to(joe) == "who");
  CHECK(core().job(attached_job) == nullptr);
  CHECK(core().job(detached_job)->counts.open() == 1);
}

TEST_CASE_METHOD(KeysFixture, "sessions of other keys do not notice that a list is new") {
  const Peer jane = client(kJane), w = worker();
  authorises(all + line("client", key_of(9), "new"));
  CHECK(is_silent());
  CHECK(asks(jane, "status").code == ReplyCode::Ok);
  CHECK_FALSE(heard_event("worker-lost"));
  finishes(w, submit(jane, job_of(), 1), {0, 1}, 1);
  CHECK(took_message_to(jane).starts_with("outcomes"));
}

TEST_CASE_METHOD(KeysFixture, "another role under the same key is another key") {
  const Peer joe = client(kJoe);
  authorises(all + line("monitor", kJoe, "joe"));
  CHECK(took_message_to(joe) == "who");
}

TEST_CASE_METHOD(KeysFixture, "a key ends when it expires and the list is looked at again") {
  // The fixture's time begins an hour after the epoch.
  const std::string list = all + line("client", kJoe, "joe", "expires=1970-01-01T01:00:10Z");
  authorises(list);
  const Peer joe = client(kJoe);
  advance(9s);
  authorises(list);
  CHECK(is_silent());
  advance(1s);
  authorises(list);
  CHECK(took_message_to(joe) == "who");
  says_hello(joe);
  CHECK(took_message_to(joe) == "refuse not-authorised: the key joe has expired");
}

TEST_CASE_METHOD(KeysFixture, "a client comes back to its jobs after a restart, and nobody else does") {
  BrokerConfig config;
  config.durability = "fsync";
  BrokerFixture broker(config);
  broker.authorises(all + line("client", kJoe, "joe"));
  const Peer jane = broker.connect(client_hello("", 30), kJane);
  REQUIRE(broker.took_message_to(jane) == "welcome");
  const JobId job = broker.submit(jane, job_of(), 1);
  broker.crashes();
  broker.authorises(all + line("client", kJoe, "joe"));
  Hello hello = broker.hello_of(jane);
  ++hello.attempt;
  CHECK(broker.took_message_to(broker.connect(hello, kJoe)) ==
        "refuse not-authorised: this session is another key's");
  broker.reconnects(jane);
  broker.opens(jane, job, job_of(), 0, 1);
  CHECK(broker.took_message_to(jane).starts_with("accepted job=1"));
}

TEST_CASE_METHOD(KeysFixture, "a join token has a key enrolled, and does nothing else") {
  const Peer fresh = connect(worker_hello({}, 30), kToken);
  CHECK(took_message_to(fresh).starts_with("refuse not-authorised"));
  const std::string ask = encode(Header{}, Enrol{to_string(kNobody), "lab-9"});
  sends_bytes(fresh, ask);
  const std::vector<PendingEnrolment> asked = took_enrolments();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].enrolment.token == kToken);
  CHECK(asked[0].enrolment.key == kNobody);
  CHECK(asked[0].enrolment.name == "lab-9");
  authorises(all + line("worker", kNobody, "lab-9"));
  enrolled(asked[0], "");
  CHECK(took_message_to(fresh) == "enrolled key=" + to_string(kNobody) + " role=worker");
  advance(250ms);
  sends_bytes(fresh, ask);  // the answer was lost
  CHECK(took_message_to(fresh).starts_with("enrolled"));
  CHECK(took_enrolments().empty());
}

TEST_CASE_METHOD(KeysFixture, "who cannot be enrolled is told why") {
  const Peer fresh = connect(worker_hello({}, 30), kToken);
  took_message_to(fresh);
  sends_bytes(fresh, encode(Header{}, Enrol{to_string(kNobody), "lab"}));
  enrolled(took_enrolments().at(0), "there is a key with the name lab");
  CHECK(took_message_to(fresh) == "refuse not-authorised: there is a key with the name lab");
  const std::uint64_t bad = core().counters().frames_bad;
  advance(250ms);
  sends_bytes(fresh, encode(Header{}, Enrol{"not a key", "x"}));
  advance(250ms);
  sends_bytes(fresh, encode(Header{}, Enrol{to_string(kNobody), "x\nadmin y z"}));
  CHECK(core().counters().frames_bad == bad + 2);
  CHECK(took_enrolments().empty());
}

TEST_CASE_METHOD(KeysFixture, "a key that is no token enrols nobody") {
  const Peer jane = client(kJane);
  sends_bytes(jane, encode(Header{}, Enrol{to_string(kNobody), "more"}));
  CHECK(took_enrolments().empty());
  CHECK(took_message_to(jane).starts_with("refuse not-authorised: this key enrols nobody"));
}
