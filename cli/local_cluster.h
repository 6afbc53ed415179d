// A broker and workers as child processes.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/broker_link.h"
#include "cli/child.h"
#include "cli/restarts.h"
#include "cli/signal_watch.h"

namespace zonda::cli {

struct ClusterOptions {
  std::string address;
  std::string keys;                  // directory of keys; empty: none are needed
  std::string data;                  // empty: memory
  bool init = false;                 // make a store in a directory that is there already
  std::string durability = "fsync";  // of the data
  std::uint64_t workers = 1;
  std::uint64_t slots = 0;  // of each worker; 0: it decides
  bool threads = false;     // isolation: threads instead of processes
  bool quiet = true;        // their logs: warnings and errors only
  bool http = true;         // the broker's port for it
};

class LocalCluster {
 public:
  LocalCluster(Environment& environment, const SignalWatch& signals, ClusterOptions options)
      : environment_(environment), signals_(signals), options_(std::move(options)), restarts_(environment) {}

  // Until all are ready; throws Complaint if one ends before that. False: a signal came first.
  bool start();
  // More of them, until they have joined. False: a signal came first.
  bool add_workers(std::uint64_t count);
  bool add_light_workers(std::uint64_t count);  // many in a process: see light_workers.h
  // Until a signal comes, or the broker ends for good: one with data that died starts again, and so do
  // workers, some times a minute. Gives the exit code.
  int watch();
  // Workers first, so that they can deliver; then the broker.
  void stop();
  void kill();  // at once; what they ran goes with them

  const std::vector<Child>& broker() const { return broker_; }
  const std::vector<Child>& workers() const { return workers_; }

 private:
  std::unique_ptr<BrokerLink> wait_for_broker();  // null: a signal came first
  bool wait_for_workers(BrokerLink& link);
  void start_workers(std::uint64_t count);
  Child start_broker() const;
  Child start_worker(std::uint64_t number) const;
  void stop_all(std::vector<Child*> children);
  void require_alive();

  Environment& environment_;
  const SignalWatch& signals_;
  ClusterOptions options_;
  std::vector<Child> broker_;  // none or one
  std::vector<Child> workers_;
  std::uint64_t expected_ = 0;  // workers that are to join
  Restarts restarts_;
};

}  // namespace zonda::cli
