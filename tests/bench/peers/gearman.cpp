// Gearman through libgearman: one client, tasks of 8 bytes that come back as they are.
//   gearman worker PORT | throughput PORT TASKS | latency PORT COUNT
#include <libgearman/gearman.h>

#include <cstring>
#include <iostream>
#include <string>

#include "tests/bench/peers/report.h"

using namespace zonda::bench;

namespace {

constexpr const char* kHost = "127.0.0.1";
constexpr const char* kFunction = "echo";
constexpr std::uint64_t kOutstanding = 1'000;

void* echo(gearman_job_st* job, void*, std::size_t* size, gearman_return_t* result) {
  *size = gearman_job_workload_size(job);
  void* copy = std::malloc(*size);  // libgearman frees it
  std::memcpy(copy, gearman_job_workload(job), *size);
  *result = GEARMAN_SUCCESS;
  return copy;
}

int work(in_port_t port) {
  gearman_worker_st* worker = gearman_worker_create(nullptr);
  expect(gearman_worker_add_server(worker, kHost, port) == GEARMAN_SUCCESS, "no server");
  expect(gearman_worker_add_function(worker, kFunction, 0, echo, nullptr) == GEARMAN_SUCCESS, "no function");
  while (gearman_worker_work(worker) == GEARMAN_SUCCESS) {
  }
  return 1;
}

struct Run {
  std::uint64_t right = 0;
};

gearman_return_t on_complete(gearman_task_st* task) {
  std::uint64_t number = 0;
  auto* run = static_cast<Run*>(gearman_task_context(task));
  if (gearman_task_data_size(task) != sizeof number) return GEARMAN_WORK_FAIL;
  ++run->right;
  return GEARMAN_SUCCESS;
}

void call(gearman_client_st* client, std::uint64_t tasks, std::uint64_t at_once) {
  Run run;
  for (std::uint64_t next = 0; next < tasks;) {
    for (const std::uint64_t end = std::min(tasks, next + at_once); next < end; ++next) {
      gearman_return_t result;
      gearman_client_add_task(client, nullptr, &run, kFunction, nullptr, &next, sizeof next, &result);
      expect(result == GEARMAN_SUCCESS, "a task was not taken");
    }
    expect(gearman_client_run_tasks(client) == GEARMAN_SUCCESS, "tasks did not run");
    gearman_client_task_free_all(client);
  }
  expect(run.right == tasks, "results are missing");
}

}  // namespace

int main(int argc, char** argv) try {
  expect(argc >= 3, "too few words");
  const std::string what = argv[1];
  const auto port = static_cast<in_port_t>(std::stoi(argv[2]));
  if (what == "worker") return work(port);
  const std::uint64_t tasks = std::stoull(argv[3]);
  gearman_client_st* client = gearman_client_create(nullptr);
  expect(gearman_client_add_server(client, kHost, port) == GEARMAN_SUCCESS, "no server");
  gearman_client_set_complete_fn(client, on_complete);
  measure(what, tasks, kOutstanding,
          [&](std::uint64_t number, std::uint64_t at_once) { call(client, number, at_once); });
  gearman_client_free(client);
} catch (const std::exception& error) {
  std::cerr << "gearman: " << error.what() << '\n';
  return 1;
}
