// Questions and orders: each answer has the fields that the command line shows.
#include <catch2/catch.hpp>
#include <msgpack.hpp>
#include <set>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace {

using Fields = std::set<std::string>;

const Fields kJobFields{"job",      "name",     "function",     "signature", "state",     "client",
                        "queue",    "priority", "detached",     "tasks",     "queued",    "running",
                        "delayed",  "done",     "failed",       "cancelled", "submitted", "started",
                        "finished", "closed",   "task_seconds", "released"};
const Fields kWorkerFields{"worker", "host",   "pid",    "state",  "slots",     "running", "held",
                           "done",   "failed", "queues", "labels", "resources", "since",   "functions"};
const Fields kStatusFields{"queued",           "delayed",      "held",     "running",      "done",
                           "failed",           "cancelled",    "accepted", "dispatched",   "retried",
                           "returned",         "lost",         "stale",    "bad_frames",   "refused_frames",
                           "refused_keys",     "gaps",         "jobs",     "clients",      "workers",
                           "workers_draining", "workers_lost", "slots",    "memory_bytes", "orphaned",
                           "disk_nearly_full", "durability",   "epoch"};
const Fields kTaskFields{"job",  "index",  "state", "attempt", "errors", "crashes",
                         "lost", "deaths", "group", "worker",  "started"};

class Body {
 public:
  explicit Body(const std::string& bytes) : handle_(msgpack::unpack(bytes.data(), bytes.size())) {}
  Fields fields() const { return fields(handle_.get()); }
  Fields fields_of_entry(std::size_t at) const { return fields(handle_.get().via.array.ptr[at]); }
  std::size_t size() const { return handle_.get().via.array.size; }
  template <class T>
  T get(const std::string& name) const {
    return handle_.get().as<std::map<std::string, msgpack::object>>().at(name).as<T>();
  }

 private:
  static Fields fields(const msgpack::object& map) {
    Fields names;
    for (const auto& [name, value] : map.as<std::map<std::string, msgpack::object>>()) names.insert(name);
    return names;
  }
  msgpack::object_handle handle_;
};

struct Office {
  BrokerFixture broker;
  Peer worker = broker.join_worker({.name = "w", .labels = {{"zone", "a"}}});
  Peer client = broker.client();

  Body ask(const std::string& what, const std::map<std::string, std::string>& arguments = {}) {
    const BrokerFixture::Answer answer = broker.asks(client, what, arguments);
    REQUIRE(answer.code == ReplyCode::Ok);
    REQUIRE(answer.pages.size() == 1);
    return Body(answer.pages[0]);
  }
  std::string why(const JobId& job, const std::string& index) {
    return ask("task.explain", {{"job", to_string(job)}, {"index", index}}).get<std::string>("why");
  }
};

JobSpec detached() {
  JobSpec spec = job_of();
  spec.detached = true;
  return spec;
}

}  // namespace

TEST_CASE("status counts what is there") {
  Office office;
  office.broker.submit("f", 3);
  const Body status = office.ask("status");
  CHECK(status.fields() == kStatusFields);
  CHECK(status.get<int>("queued") == 2);
  CHECK(status.get<int>("held") == 1);
  CHECK(status.get<int>("workers") == 1);
  office.broker.loses_connection(office.broker.join_client());
  CHECK(office.ask("status").get<int>("clients") == 1);
}

TEST_CASE("status tells what waits for workers that are not back, and that new work is refused") {
  BrokerFixture broker;
  broker.join_worker();
  broker.submit("f", 1);
  broker.crashes();
  broker.core().set_disk_nearly_full(true);
  const Body status(broker.asks(broker.join_client(), "status").pages.at(0));
  CHECK(status.get<int>("held") == 1);
  CHECK(status.get<int>("orphaned") == 1);
  CHECK(status.get<bool>("disk_nearly_full"));
  CHECK(broker.heard_event("disk-nearly-full"));
  broker.core().set_disk_nearly_full(false);
  broker.together([] {});
  CHECK(broker.heard_event("disk-has-room"));
}

TEST_CASE("jobs and workers are listed with all their fields") {
  Office office;
  office.broker.submit("f", 1);
  const Body jobs = office.ask("job.list");
  REQUIRE(jobs.size() == 1);
  CHECK(jobs.fields_of_entry(0) == kJobFields);
  const Body workers = office.ask("worker.list");
  REQUIRE(workers.size() == 1);
  CHECK(workers.fields_of_entry(0) == kWorkerFields);
  CHECK(office.ask("worker.info", {{"worker", "w"}}).size() == 1);
  CHECK(office.ask("functions").fields_of_entry(0) == Fields{"name", "signature"});
}

TEST_CASE("a job can be asked for while it runs, when it ended, and after it was released") {
  Office office;
  const JobId job = office.broker.submit("f", 1);
  const std::map<std::string, std::string> which{{"job", to_string(job)}};
  CHECK(office.ask("job.info", which).get<std::string>("state") == "running");
  office.broker.finishes(office.worker, job, {0, 1}, 1);
  CHECK(office.ask("job.info", which).get<std::string>("state") == "done");
  office.broker.acknowledges(office.client, job, 1);
  const Body summary = office.ask("job.info", which);
  CHECK(summary.fields() == kJobFields);
  CHECK(summary.get<std::string>("state") == "done");
}

TEST_CASE("jobs are listed with the newest first, also those that are gone") {
  Office office;
  const JobId gone = office.broker.submit("f", 1);
  office.broker.finishes(office.worker, gone, {0, 1}, 1);
  office.broker.acknowledges(office.broker.client(), gone, 1);
  JobId id;  // smaller than all others
  office.broker.opens(office.client, id, job_of());
  const auto listed = [&](const std::string& state) {
    return office.broker.asks(office.client, "job.list", {{"state", state}, {"limit", "1"}}).pages.at(0);
  };
  CHECK(listed("").find(to_string(id)) != std::string::npos);
  CHECK(listed("open").find(to_string(id)) != std::string::npos);
  CHECK(listed("done").find(to_string(gone)) != std::string::npos);
}

TEST_CASE("a job that was forgotten on purpose is gone, its summary too") {
  Office office;
  const std::map<std::string, std::string> kept{{"job", to_string(office.broker.submit(detached(), 1))}};
  const Peer leaving = office.broker.join_client("leaving");
  const JobId past = office.broker.submit(leaving, job_of(), 1);
  office.broker.asks(office.client, "job.cancel", kept);
  CHECK(office.broker.asks(office.client, "job.forget", kept).code == ReplyCode::Ok);
  CHECK(office.broker.asks(office.client, "job.info", kept).code == ReplyCode::NotFound);
  office.broker.says(leaving, Goodbye{});
  const std::map<std::string, std::string> which{{"job", to_string(past)}};
  CHECK(office.broker.asks(office.client, "job.info", which).code == ReplyCode::Ok);
  CHECK(office.broker.asks(office.client, "job.forget", which).code == ReplyCode::Ok);
  CHECK(office.broker.asks(office.client, "job.info", which).code == ReplyCode::NotFound);
}

TEST_CASE("cancelling what is over changes nothing and says how it ended") {
  Office office;
  const JobId job = office.broker.submit(detached(), 1);
  office.broker.finishes(office.worker, job, {0, 1}, 1);
  const std::map<std::string, std::string> which{{"job", to_string(job)}};
  CHECK(office.ask("job.cancel", which).get<std::string>("was_over") == "done");
  CHECK(office.ask("job.info", which).get<std::string>("state") == "done");
}

TEST_CASE("an open job whose tasks are all done is not cancelled by its client's end") {
  Office office;
  const Peer leaving = office.broker.join_client("leaving");
  const JobId job = office.broker.new_job_id();
  office.broker.opens(leaving, job, job_of());
  office.broker.appends(leaving, job, 0, 1);
  office.broker.finishes(office.worker, job, {0, 1}, 1);
  office.broker.says(leaving, Goodbye{});
  CHECK(office.ask("job.info", {{"job", to_string(job)}}).get<std::string>("state") == "done");
  CHECK(office.broker.core().counters().tasks_cancelled == 0);
}

TEST_CASE("a long list comes in pages") {
  Office office;
  for (int n = 0; n < 501; ++n) {
    office.broker.opens(office.client, office.broker.new_job_id(), job_of());
    JobId id;
    id.bytes[1] = static_cast<std::uint8_t>(n / 256 + 1);
    id.bytes[2] = static_cast<std::uint8_t>(n);
    office.broker.opens(office.client, id, job_of());
  }
  CHECK(office.broker.asks(office.client, "job.list").pages.size() >= 2);
  CHECK(office.broker.asks(office.client, "job.list", {{"limit", "10"}}).pages.size() == 1);
}

TEST_CASE("tasks are listed and told of one by one, whether they wait, run or ended") {
  Office office;
  const JobId job = office.broker.submit(detached(), 3);
  office.broker.finishes(office.worker, job, {0, 1}, 1);
  const std::map<std::string, std::string> which{{"job", to_string(job)}};
  CHECK(office.ask("task.list", which).size() == 3);
  const auto info = [&](const std::string& index) {
    return office.ask("task.info", {{"job", to_string(job)}, {"index", index}});
  };
  CHECK(info("0").fields() == Fields{"index", "state", "attempt", "worker", "payload"});
  CHECK(info("0").get<std::string>("state") == "done");
  CHECK(info("1").fields() == kTaskFields);
  CHECK(info("1").get<std::string>("state") == "running");
  CHECK(info("1").get<std::string>("worker") == "w");
  CHECK(info("2").get<std::string>("state") == "queued");
}

TEST_CASE("explain says why a task waits") {
  Office office;
  const JobId running = office.broker.submit("f", 2);
  CHECK(office.why(running, "0") == "it is queued or runs on w (host), attempt 1");
  CHECK(office.why(running, "1") == "all fitting workers are busy; 1 tasks wait for the same workers");
  CHECK(office.why(office.broker.submit("h", 1), "0") == "no worker serves the function h");
  JobSpec spec = job_of();
  spec.labels = {{"zone", "b"}};
  CHECK(office.why(office.broker.submit(spec, 1), "0") == "no worker that serves f has the label zone=b");
  office.broker.says(office.worker, Goodbye{});
  CHECK(office.why(running, "1") == "no worker is connected");
}

TEST_CASE("explain says when a task is due, and why it was tried before") {
  Office office;
  office.broker.stays_alive(office.worker);
  office.broker.stays_alive(office.client);
  JobSpec spec = job_of();
  spec.retries = 1;
  const JobId job = office.broker.submit(spec, 1);
  office.broker.fails(office.worker, job, 0, 1, TaskReport::failed, "no such file");
  CHECK(office.why(job, "0") ==
        "it waits for its time: attempt 1 failed on w (host), attempt 2 is due in 1 s");
  const Body body = office.ask("task.explain", {{"job", to_string(job)}, {"index", "0"}});
  CHECK(body.fields() == Fields{"index", "why", "state", "attempt", "deaths", "group", "due", "history"});
  CHECK(body.get<double>("due") > 0);
  using Attempt = std::map<std::string, msgpack::object>;
  const auto history = body.get<std::vector<Attempt>>("history");
  REQUIRE(history.size() == 1);
  CHECK(history[0].at("kind").as<std::string>() == "failed");
  CHECK(history[0].at("worker").as<std::string>() == "w");
  CHECK(history[0].at("host").as<std::string>() == "host");
  CHECK(history[0].at("message").as<std::string>() == "no such file");
  JobSpec delayed = job_of();
  delayed.delay_ms = 10'000;
  CHECK(office.why(office.broker.submit(delayed, 1), "0") ==
        "it waits for its time: it is delayed, and due in 10 s");
}

TEST_CASE("explain says that a task is in quarantine, and with how many others") {
  Office office;
  office.broker.says(office.worker, Goodbye{});
  office.broker.stays_alive(office.client);
  const JobId job = office.broker.submit("f", 16);
  for (int deaths = 0; deaths < 3; ++deaths) {
    const Peer victim = office.broker.join_worker({.slots = 16});
    office.broker.loses_connection(victim);
    office.broker.advance(500ms);
  }
  const std::string alone =
      "it runs alone from now on: 3 workers vanished with it aboard, in a group of at most 2";
  CHECK(office.why(job, "5") == "no worker is connected; " + alone);
  office.broker.join_worker({.name = "v"});
  CHECK(office.why(job, "5") == "no fitting worker is empty; " + alone);
  CHECK(office.why(job, "0") == "it is queued or runs on v (host), attempt 1; " + alone);
}

TEST_CASE("failed tasks of a detached job run again as a new job") {
  Office office;
  const JobId job = office.broker.submit(detached(), 2);
  office.broker.fails(office.worker, job, 0, 1);
  office.broker.finishes(office.worker, job, {1, 2}, 2);
  office.broker.ignores_messages();
  const Body answer = office.ask("job.retry", {{"job", to_string(job)}});
  CHECK(answer.fields() == Fields{"job", "tasks"});
  CHECK(answer.get<int>("tasks") == 1);
  CHECK(office.broker.took_message_to(office.worker) == "tasks job=2 [0,1) lease=3");
}

TEST_CASE("a retry that is asked for again in another session is the same job") {
  Office office;
  const JobId job = office.broker.submit(detached(), 1);
  office.broker.fails(office.worker, job, 0, 1);
  office.broker.took_records();
  const auto opened = [&](std::uint64_t question) {
    office.broker.reconnects(office.client);
    office.broker.says(office.client, Query{question, "job.retry", "\x81\xa3job\xba" + to_string(job)});
    const std::vector<std::string> records = office.broker.took_records();
    return std::count_if(records.begin(), records.end(),
                         [](const std::string& record) { return record.starts_with("opened"); });
  };
  CHECK(opened(70) == 1);
  CHECK(opened(70) == 0);
  CHECK(opened(70) == 0);
  CHECK(opened(71) == 1);
}

TEST_CASE("orders are obeyed: cancel, forget, drain, stop") {
  Office office;
  const JobId job = office.broker.submit(detached(), 1);
  office.broker.asks(office.client, "job.cancel", {{"job", to_string(job)}});
  CHECK(office.broker.core().job(job)->complete);
  office.broker.asks(office.client, "job.forget", {{"job", to_string(job)}});
  CHECK(office.broker.core().job(job) == nullptr);
  office.broker.ignores_messages();
  office.broker.asks(office.client, "worker.drain", {{"worker", "w"}});
  CHECK(office.broker.took_message_to(office.worker) == "drain");
  CHECK_FALSE(office.broker.core().stop_asked());
  office.broker.asks(office.client, "broker.stop");
  CHECK(office.broker.core().stop_asked());
}

TEST_CASE("a backup is answered when it is there, one at a time, with what went wrong") {
  BrokerConfig config;
  config.durability = "fsync";
  BrokerFixture broker(config);
  const Peer admin = broker.join_client();
  CHECK(broker.asks(admin, "broker.backup", {{"to", "here"}}).code == ReplyCode::Usage);
  CHECK(broker.asks(admin, "broker.backup", {{"to", "/there"}}).pages.empty());
  CHECK(broker.took_backup() == "/there");
  CHECK(broker.asks(admin, "broker.backup", {{"to", "/elsewhere"}}).text == "a backup is under way");
  const Peer again = broker.join_client();
  CHECK(broker.asks(again, "broker.backup", {{"to", "/there"}}).pages.empty());
  CHECK(broker.took_backup().empty());
  broker.backed_up("no room");
  const BrokerFixture::Answer failed = broker.took_answer_to(again);
  CHECK(failed.code == ReplyCode::Refused);
  CHECK(failed.text == "no room");
  CHECK(broker.asks(admin, "broker.backup", {{"to", "/elsewhere"}}).pages.empty());
  broker.backed_up("");
  const BrokerFixture::Answer done = broker.took_answer_to(admin);
  CHECK(done.code == ReplyCode::Ok);
  CHECK(done.pages.size() == 1);
}

TEST_CASE("a broker in memory has nothing to back up") {
  Office office;
  CHECK(office.broker.asks(office.client, "broker.backup", {{"to", "/there"}}).text ==
        "this broker keeps nothing on disk");
}
