// A broker and workers of one's own for a measurement, as separate processes; or somebody else's.
#pragma once

#include <zonda/client.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cli/bench_options.h"
#include "cli/environment.h"
#include "cli/local_cluster.h"
#include "cli/process_usage.h"
#include "cli/temporary_directory.h"

namespace zonda::cli {

// For what cannot be measured at a broker that is named: throws Complaint.
void require_own_cluster(const Environment& environment);

class BenchCluster {
 public:
  // Starts what is to be measured, unless the environment names a broker. Throws Complaint if that fails.
  BenchCluster(Environment& environment, const BenchOptions& options);
  ~BenchCluster();
  BenchCluster(const BenchCluster&) = delete;
  BenchCluster& operator=(const BenchCluster&) = delete;

  // Has `work` done on a thread of its own, with a client of the cluster or without. A signal ends that, and
  // what is ours of the cluster: throws Complaint. Work should call leave_if_interrupted()
  // now and then, and is left behind if it does not.
  void measure(const std::function<void(Client&)>& work);
  void run(const std::function<void()>& work);
  void leave_if_interrupted() const;                // throws Complaint
  void wait(std::chrono::milliseconds time) const;  // the same if a signal comes

  // More of ours, and waits until they have joined.
  void add_workers(std::uint64_t count);
  void add_light_workers(std::uint64_t count);

  // What the broker, which is ours, uses: at all, and for some tasks while `work` has them done.
  struct Cost {
    double seconds = 0;
    double broker_us_per_task = 0;
  };
  ProcessUsage broker_usage() const;
  Cost cost_of(std::uint64_t tasks, const std::function<void()>& work) const;

  const std::string& transport() const { return transport_; }    // "tcp", "ipc"
  const std::string& durability() const { return durability_; }  // as the broker says
  const std::string& filesystem() const { return filesystem_; }  // of its store; empty: none, or unknown
  // Stops it; afterwards its children say what they used.
  void stop();
  const LocalCluster* children() const { return cluster_.get(); }  // null: it is somebody else's

 private:
  void start(Environment& environment, const BenchOptions& options);
  void use(Environment& environment);
  std::string make_keys();
  std::string make_data_directory();

  SignalWatch signals_;
  std::string address_;
  std::string keys_;  // of clients; empty: none
  std::string transport_;
  std::string durability_;
  TemporaryDirectory directory_;       // of the sockets; none: tcp
  TemporaryDirectory keys_directory_;  // none: without keys
  TemporaryDirectory data_directory_;  // holds that of the store; none: memory
  std::string filesystem_;
  std::unique_ptr<LocalCluster> cluster_;
  bool running_ = false;
};

}  // namespace zonda::cli
