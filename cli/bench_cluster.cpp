#include "cli/bench_cluster.h"

#include <stdlib.h>

#include <filesystem>
#include <random>

#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

constexpr int kPortTries = 20;

std::string some_tcp_address() {
  std::random_device random;
  return "tcp://127.0.0.1:" +
         std::to_string(12'000 + random() % 20'000);  // below what libzmq may self-connect to
}

}  // namespace

BenchCluster::BenchCluster(Environment& environment, const BenchOptions& options) {
  if (options.durability != "memory")
    throw Complaint(ExitCode::Failure, "this version keeps jobs in memory only", "--durability memory");
  address_ = environment.common.broker;
  if (!address_.empty()) return;
  for (int left = kPortTries; !running_; --left) {
    try {
      start(environment, options);
    } catch (const Complaint&) {
      if (left == 0 || options.transport != "tcp")
        throw;  // a port in use is the only thing worth another try
    }
  }
}

void BenchCluster::start(Environment& environment, const BenchOptions& options) {
  if (options.transport == "ipc") {
    char path[] = "/tmp/zonda-bench-XXXXXX";
    if (mkdtemp(path) == nullptr) throw Complaint(ExitCode::Failure, "cannot make a directory in /tmp");
    directory_ = path;
    address_ = "ipc://" + directory_;
  } else {
    address_ = some_tcp_address();
  }
  environment.common.broker = address_;
  ClusterOptions cluster;
  cluster.address = address_;
  cluster.workers = options.workers;
  cluster.slots = options.slots;
  cluster.threads = options.isolation == "thread";
  cluster_ = std::make_unique<LocalCluster>(environment, signals_, cluster);
  try {
    if (!cluster_->start()) throw Complaint(signals_.exit_code(), "interrupted");
    running_ = true;
  } catch (...) {
    cluster_->stop();
    throw;
  }
}

void BenchCluster::stop() {
  if (running_) cluster_->stop();
  running_ = false;
}

BenchCluster::~BenchCluster() {
  stop();
  if (!directory_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
}

}  // namespace zonda::cli
