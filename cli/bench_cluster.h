// A broker and workers of one's own for a measurement, as separate processes; or somebody else's.
#pragma once

#include <zonda/client.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cli/environment.h"
#include "cli/local_cluster.h"
#include "cli/temporary_directory.h"

namespace zonda::cli {

struct BenchOptions {
  std::uint64_t tasks = 0;
  std::uint64_t payload = 8;  // bytes of an argument and of a result
  std::uint64_t workers = 1;
  std::uint64_t slots = 2;
  std::uint64_t outstanding = 0;  // single calls on their way; 0: one map
  std::string isolation = "thread";
  std::string durability = "memory";
  std::string transport = "tcp";
};

class BenchCluster {
 public:
  // Starts what is to be measured, unless the environment names a broker. Throws Complaint if that fails.
  BenchCluster(Environment& environment, const BenchOptions& options);
  ~BenchCluster();
  BenchCluster(const BenchCluster&) = delete;
  BenchCluster& operator=(const BenchCluster&) = delete;

  // Has a client of the cluster used on a thread of its own. A signal ends that, and what is ours of the
  // cluster: throws Complaint. Work should look at interrupted(), and is left behind if it does not.
  void measure(const std::function<void(Client&)>& work);
  bool interrupted() const { return signals_.interrupted(); }

  const std::string& transport() const { return transport_; }    // "tcp", "ipc"
  const std::string& durability() const { return durability_; }  // as the broker says
  const std::string& filesystem() const { return filesystem_; }  // of its store; empty: none, or unknown
  // Stops it; afterwards its children say what they used.
  void stop();
  const LocalCluster* children() const { return cluster_.get(); }  // null: it is somebody else's

 private:
  void start(Environment& environment, const BenchOptions& options);
  void use(Environment& environment);
  std::string make_data_directory();

  SignalWatch signals_;
  std::string address_;
  std::string transport_;
  std::string durability_;
  TemporaryDirectory directory_;       // of the sockets; none: tcp
  TemporaryDirectory data_directory_;  // holds that of the store; none: memory
  std::string filesystem_;
  std::unique_ptr<LocalCluster> cluster_;
  bool running_ = false;
};

}  // namespace zonda::cli
