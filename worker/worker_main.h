// A worker process, from its settings to its exit code.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "worker/executor/handlers.h"

namespace zonda {

enum class Isolation : std::uint8_t { Process, Thread };

struct WorkerSettings {
  std::string broker;       // empty: $ZONDA_BROKER, else tcp://127.0.0.1:5570
  std::string keys;         // file of its key, or a directory with worker.key; empty: it has none
  std::string join;         // if that file is not there: a join token, to make it. Empty: it must be
  std::uint64_t slots = 0;  // 0: as many as the machine has cores
  Isolation isolation = Isolation::Process;
  std::string name;                 // empty: made from host and pid
  std::vector<std::string> queues;  // empty: "default"
  std::map<std::string, std::string> labels;
  std::map<std::string, double> resources;
  std::chrono::milliseconds drain_timeout{30'000};    // after it running tasks are given back
  std::chrono::milliseconds orphan_timeout{600'000};  // so long without a broker; 0: it waits for ever
  std::chrono::milliseconds idle_timeout{0};          // so long without a task; 0: it never leaves for that
  std::string spool;                                  // directory; empty: default_spool_directory()
  std::uint64_t spool_max = std::uint64_t{4} << 30;   // bytes; 0: no spool
  bool quiet = false;                                 // log warnings and errors only
};

// Runs until it is drained by SIGTERM, SIGINT or an administrator; a second signal gives running tasks back.
// Returns the exit code; throws std::exception, with a text for people, if it cannot start. Call it on the
// main thread, before others exist, and after run_as_child() had its turn. Where a task in a thread does not
// stop it does not return, but begins the program anew, or ends the process.
int run_worker(const WorkerSettings& settings, const Handlers& handlers);

}  // namespace zonda
