// What `broker start` and `worker start` were asked for, and the daemons themselves.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "worker/executor/handlers.h"

namespace zonda::cli {

struct BrokerStart {
  std::string bind = "tcp://127.0.0.1:5570";
  std::string data;       // a directory; empty: nothing outlives the broker
  bool init = false;      // make a store in a directory that is there already
  bool insecure = false;  // listen on other than this machine, without keys
  bool quiet = false;     // log warnings and errors only
};

struct WorkerStart {
  std::string broker;       // empty: the default address
  std::uint64_t slots = 0;  // 0: one for each processor
  bool threads = false;     // isolation: threads instead of processes
  std::string name;         // empty: from the host and the process
  std::vector<std::string> queues;
  std::map<std::string, std::string> labels;
  std::map<std::string, double> resources;
  std::chrono::milliseconds drain_timeout{30'000};
  bool serve_exec = true;
  bool quiet = false;  // log warnings and errors only
};

// What workers of this program serve: commands, and what `bench` calls.
Handlers served_functions();
void add_bench_functions(Handlers& handlers);

// Both run until they are stopped, and give the exit code.
int start_broker(const BrokerStart& settings);
int start_worker(const WorkerStart& settings);

}  // namespace zonda::cli
