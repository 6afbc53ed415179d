#include "cli/views.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

using namespace zonda::cli;

namespace {

// Compares with a file that people read in diffs; ZONDA_REWRITE=1 writes it anew.
void check_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(ZONDA_GOLDEN_DIR) + "/" + name;
  if (std::getenv("ZONDA_REWRITE") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  CHECK(text == std::string(std::istreambuf_iterator<char>(file), {}));
}

CommonOptions as(const std::string& output) {
  CommonOptions common;
  common.output = output;
  return common;
}

Json example_jobs() {
  Json running = Json::parse(R"({"job":"01h00000000000000000000001","name":"","function":"zonda.exec",
    "signature":"(map) -> map","state":"running","client":"zonda-cli","queue":"default","priority":0,
    "detached":true,"tasks":1000,"queued":880,"running":4,"delayed":0,"done":114,"failed":2,
    "cancelled":0,
    "submitted":1769846400.25,"started":1769846401.0,"finished":null,"closed":true,"task_seconds":12.5,
    "released":0,"age":192.0,"seconds":192.0})");
  Json hostile = running;
  hostile["job"] = "01h00000000000000000000002";
  hostile["name"] = "\x1b]0;owned\a";
  hostile["state"] = "failed";
  hostile["finished"] = 1769846460.0;
  Json jobs = Json::array({running, hostile});
  for (Json& job : jobs) format_times(job, {"submitted", "started", "finished"});
  return jobs;
}

Json example_workers() {
  return Json::parse(
      R"([{"worker":"w1","host":"alpha","pid":17,"state":"active","slots":4,"running":2,"held":3,
    "done":1200,"failed":1,"queues":["default","gpu"],"labels":{"disk":"ssd","rack":"7"},
    "resources":{"gpu":2.0},
    "since":"2026-01-31T08:00:00.000Z","functions":["zonda.exec(map) -> map"],"age":3.2}])");
}

}  // namespace

TEST_CASE("jobs look like this") {
  check_golden("job_list.txt", format_list(as("table"), job_list_view(), example_jobs(), 0));
  check_golden("job_list.json", format_list(as("json"), job_list_view(), example_jobs(), 0));
  check_golden("job_list.jsonl", format_list(as("jsonl"), job_list_view(), example_jobs(), 0));
  check_golden("job_list.ids", format_list(as("id"), job_list_view(), example_jobs(), 0));
  check_golden("job_info.txt", format_thing(as("table"), job_info_view(), example_jobs()[1]));
  check_golden("job_info.json", format_thing(as("json"), job_info_view(), example_jobs()[1]));
}

TEST_CASE("workers look like this") {
  check_golden("worker_list.txt", format_list(as("table"), worker_list_view(), example_workers(), 0));
  check_golden("worker_list.json", format_list(as("json"), worker_list_view(), example_workers(), 0));
  check_golden("worker_info.txt", format_thing(as("table"), worker_info_view(), example_workers()[0]));
}

TEST_CASE("tasks look like this") {
  const Json tasks = Json::parse(R"([{"job":"01h00000000000000000000001","index":0,"state":"done","attempt":1,
    "worker":"w1"},{"job":"01h00000000000000000000001","index":1,"state":"queued","attempt":0,"errors":0,
    "crashes":0,"lost":0,"worker":"","started":false}])");
  check_golden("task_list.txt", format_list(as("table"), task_list_view(), tasks, 0));
  check_golden("task_list.json", format_list(as("json"), task_list_view(), tasks, 0));
}

TEST_CASE("a task that failed looks like this") {
  const Json task =
      Json::parse(R"json({"job":"01h00000000000000000000001","index":1,"state":"crashed","attempt":2,
    "worker":"w2","type":"signal","message":"killed by signal 11 (SIGSEGV)","signal":11,
    "stderr_tail":"first line\nlast line\n","peak_rss_bytes":1048576,"host":"beta","attempts":2,
    "history":[
      {"number":1,"kind":"failed","worker":"w1","host":"alpha","message":"std::runtime_error: no"},
      {"number":2,"kind":"crashed","worker":"w2","host":"beta","message":""}],
    "seconds":0.0123456789})json");
  check_golden("task_info.txt", format_thing(as("table"), task_info_view(), task));
  check_golden("task_info.json", format_thing(as("json"), task_info_view(), task));
}

TEST_CASE("numbers are short for people and exact for programs") {
  const Json job = Json::parse(
      R"({"age":34.4688241481781,"task_seconds":5.0000000000000004e-08,"share":0.1234567891,
         "large":12345678.9})");
  CHECK(format_thing(as("table"), job_info_view(), job) ==
        "age           34s\ntask_seconds  0ms\nshare         0.123457\nlarge         12345679\n");
  CHECK(format_thing(as("jsonl"), job_info_view(), job).find("34.4688241481781") != std::string::npos);
}

TEST_CASE("the status looks like this") {
  const Json status = Json::parse(R"({"broker":"tcp://127.0.0.1:5570","queued":880,"delayed":0,"held":8,
    "running":4,
    "done":114,"failed":2,"cancelled":3,
    "accepted":1000,"dispatched":124,"retried":0,"returned":0,"lost":0,"stale":0,
    "bad_frames":0,"refused_frames":0,"gaps":0,"jobs":1,"clients":2,"workers":2,"workers_draining":0,
    "workers_lost":0,"slots":4,"memory_bytes":65536,"durability":"memory","epoch":1,
    "tasks_per_second":48.5})");
  check_golden("status.txt", format_thing(as("table"), status_view(), status));
  check_golden("status.json", format_thing(as("json"), status_view(), status));
}
