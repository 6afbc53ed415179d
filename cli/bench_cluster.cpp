#include "cli/bench_cluster.h"

#include <linux/magic.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <future>
#include <map>
#include <random>

#include "cli/deployment_keys.h"
#include "command_line/complaint.h"
#include "proto/wire/address.h"

namespace zonda::cli {
namespace {

constexpr const char* kDirectoryName = "zonda-bench";
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

// Whether somebody listens where this broker was to.
bool is_in_use(const std::string& text) {
  const BaseAddress address = parse_address(text);
  if (address.transport == BaseAddress::Transport::Ipc) return false;
  for (const Port port : {Port::Front, Port::Back, Port::Sink}) {
    const std::string endpoint = address.endpoint(port);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
    const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // what just ended is not in use
    const bool taken =
        bind(probe, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 && errno == EADDRINUSE;
    close(probe);
    if (taken) return true;
  }
  return false;
}

std::string some_tcp_address() {
  std::random_device random;
  return "tcp://127.0.0.1:" +
         std::to_string(12'000 + random() % 20'000);  // below what libzmq may self-connect to
}

}  // namespace

void require_own_cluster(const Environment& environment) {
  if (environment.common.broker_given)
    throw Complaint(ExitCode::Usage, "this needs a broker and workers of its own: leave out --broker");
}

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
      // A port in use is the only thing worth another try.
      if (left == 0 || signals_.interrupted() || !is_in_use(address_)) throw;
    }
  }
  transport_ = options.transport;
  durability_ = options.durability;
}

// Of somebody else's cluster only the broker is known.
void BenchCluster::use(Environment& environment) {
  BrokerLink link(environment);
  keys_ = environment.common.keys;
  durability_ = link.ask("status").value("durability", "");
  transport_ = address_.substr(0, address_.find(':'));
}

void BenchCluster::start(Environment& environment, const BenchOptions& options) {
  if (options.transport == "ipc") {
    directory_ = TemporaryDirectory("/tmp", kDirectoryName);
    if (directory_.path().empty()) throw Complaint(ExitCode::Failure, "cannot make a directory in /tmp");
    address_ = "ipc://" + directory_.path();
  } else {
    address_ = some_tcp_address();
  }
  environment.common.broker = address_;
  unsetenv("ZONDA_KEYS");  // they are for another broker
  environment.common.keys = options.curve ? make_keys() : "";
  ClusterOptions cluster;
  cluster.keys = environment.common.keys;
  if (options.durability != "memory") cluster.data = make_data_directory();
  cluster.durability = options.durability;
  cluster.address = address_;
  cluster.workers = options.workers;
  cluster.http = false;
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
  run([&] {
    ClientOptions options;
    options.broker = address_;
    options.keys = keys_;
    Client client(options);
    work(client);
  });
}

void BenchCluster::run(const std::function<void()>& work) {
  std::future<void> done = std::async(std::launch::async, work);
  while (done.wait_for(kLook) != std::future_status::ready && !signals_.interrupted()) {
  }
  if (!signals_.interrupted()) return done.get();
  const bool left = done.wait_for(kLeaveWithin) == std::future_status::ready;
  if (running_) cluster_->kill();
  running_ = false;
  if (left) throw Complaint(signals_.exit_code(), "interrupted");
  directory_.remove();  // it waits for something that will not come
  data_directory_.remove();
  keys_directory_.remove();
  _exit(to_int(signals_.exit_code()));
}

void BenchCluster::leave_if_interrupted() const {
  if (signals_.interrupted()) throw Complaint(signals_.exit_code(), "interrupted");
}

void BenchCluster::wait(std::chrono::milliseconds time) const {
  signals_.wait_for(static_cast<int>(time.count()));
  leave_if_interrupted();
}

void BenchCluster::add_workers(std::uint64_t count) {
  if (!cluster_->add_workers(count)) leave_if_interrupted();
}

void BenchCluster::add_light_workers(std::uint64_t count) {
  if (!cluster_->add_light_workers(count)) leave_if_interrupted();
}

ProcessUsage BenchCluster::broker_usage() const { return usage_of(cluster_->broker().front().pid()); }

BenchCluster::Cost BenchCluster::cost_of(std::uint64_t tasks, const std::function<void()>& work) const {
  const double cpu = broker_usage().cpu_seconds;
  const auto began = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  return {seconds.count(), 1e6 * (broker_usage().cpu_seconds - cpu) / static_cast<double>(tasks)};
}

std::string BenchCluster::make_keys() {
  keys_directory_ = TemporaryDirectory("/tmp", kDirectoryName);
  if (keys_directory_.path().empty()) throw Complaint(ExitCode::Failure, "cannot make a directory in /tmp");
  const std::string directory = keys_directory_.path() + "/keys";
  make_deployment_keys(directory);
  return keys_ = directory;
}

// What is measured is a disk: not where /tmp may be memory.
std::string BenchCluster::make_data_directory() {
  for (const char* parent : {"/var/tmp", "."}) {
    data_directory_ = TemporaryDirectory(parent, kDirectoryName);
    const std::string& path = data_directory_.path();
    if (path.empty()) continue;
    filesystem_ = filesystem_of(path);
    if (filesystem_ != "tmpfs") return path + "/data";
  }
  throw Complaint(ExitCode::Failure, "neither /var/tmp nor this directory is on a disk");
}

void BenchCluster::stop() {
  if (running_) cluster_->stop();
  running_ = false;
}

BenchCluster::~BenchCluster() { stop(); }

}  // namespace zonda::cli
