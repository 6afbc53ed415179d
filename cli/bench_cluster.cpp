#include "cli/bench_cluster.h"

#include <linux/magic.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <random>

#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

constexpr int kPortTries = 20;
constexpr std::chrono::milliseconds kLook{100};
constexpr std::chrono::seconds kLeaveWithin{1};

std::string filesystem_of(const std::string& path) {
  struct statfs info {};
  if (statfs(path.c_str(), &info) != 0) return "unknown";
  static const std::map<std::uint64_t, const char*> kNames = {
      {EXT4_SUPER_MAGIC, "ext4"},   {XFS_SUPER_MAGIC, "xfs"},
      {BTRFS_SUPER_MAGIC, "btrfs"}, {OVERLAYFS_SUPER_MAGIC, "overlayfs"},
      {TMPFS_MAGIC, "tmpfs"},       {RAMFS_MAGIC, "tmpfs"},
      {0x2fc12fc1, "zfs"},          {0x65735546, "fuse"}};
  const auto known = kNames.find(static_cast<std::uint64_t>(info.f_type));
  return known == kNames.end() ? "unknown" : known->second;
}

std::string some_tcp_address() {
  std::random_device random;
  return "tcp://127.0.0.1:" +
         std::to_string(12'000 + random() % 20'000);  // below what libzmq may self-connect to
}

}  // namespace

BenchCluster::BenchCluster(Environment& environment, const BenchOptions& options) {
  if (environment.common.broker_given) address_ = environment.common.broker;
  if (!address_.empty()) {
    use(environment);
    return;
  }
  for (int left = kPortTries; !running_; --left) {
    try {
      start(environment, options);
    } catch (const Complaint&) {
      if (left == 0 || options.transport != "tcp" || signals_.interrupted())
        throw;  // a port in use is the only thing worth another try
    }
  }
  transport_ = options.transport;
  durability_ = options.durability;
}

// Of somebody else's cluster only the broker is known.
void BenchCluster::use(Environment& environment) {
  BrokerLink link(environment);
  durability_ = link.ask("status").value("durability", "");
  transport_ = address_.substr(0, address_.find(':'));
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
  if (options.durability != "memory") cluster.data = make_data_directory();
  cluster.durability = options.durability;
  cluster.address = address_;
  cluster.workers = options.workers;
  cluster.slots = options.slots;
  cluster.threads = options.isolation == "thread";
  cluster_ = std::make_unique<LocalCluster>(environment, signals_, cluster);
  try {
    if (!cluster_->start()) throw Complaint(signals_.exit_code(), "interrupted");
    running_ = true;
  } catch (...) {
    cluster_->kill();
    throw;
  }
}

void BenchCluster::measure(const std::function<void(Client&)>& work) {
  std::future<void> done = std::async(std::launch::async, [&] {
    Client client(address_);
    work(client);
  });
  while (done.wait_for(kLook) != std::future_status::ready && !signals_.interrupted()) {
  }
  if (!signals_.interrupted()) return done.get();
  const bool left = done.wait_for(kLeaveWithin) == std::future_status::ready;
  if (running_) cluster_->kill();
  running_ = false;
  if (left) throw Complaint(signals_.exit_code(), "interrupted");
  remove_directory();  // it waits for something that will not come
  _exit(to_int(signals_.exit_code()));
}

// What is measured is a disk: not where /tmp may be memory.
std::string BenchCluster::make_data_directory() {
  for (std::string path : {"/var/tmp/zonda-bench-XXXXXX", "./zonda-bench-XXXXXX"}) {
    if (mkdtemp(path.data()) == nullptr) continue;
    data_directory_ = path;
    filesystem_ = filesystem_of(path);
    if (filesystem_ != "tmpfs") return path + "/data";
    remove_directory();
  }
  throw Complaint(ExitCode::Failure, "neither /var/tmp nor this directory is on a disk");
}

void BenchCluster::remove_directory() {
  for (std::string* directory : {&directory_, &data_directory_}) {
    if (directory->empty()) continue;
    std::error_code ignored;
    std::filesystem::remove_all(std::exchange(*directory, {}), ignored);
  }
}

void BenchCluster::stop() {
  if (running_) cluster_->stop();
  running_ = false;
}

BenchCluster::~BenchCluster() {
  stop();
  remove_directory();
}

}  // namespace zonda::cli
