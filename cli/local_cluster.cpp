#include "cli/local_cluster.h"

#include <algorithm>
#include <csignal>

#include "cli/listener.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kReadyWithin{30};
constexpr std::chrono::milliseconds kPatienceMax{1000};
constexpr int kLookMs = 20;
constexpr std::uint64_t kLightWorkersMax = 1'000;  // of a process

}  // namespace

bool LocalCluster::start() {
  broker_.push_back(start_broker());
  options_.init = false;  // from now on there is a store
  const std::unique_ptr<BrokerLink> link = wait_for_broker();
  if (!link) return false;
  start_workers(options_.workers);
  return wait_for_workers(*link);
}

bool LocalCluster::add_workers(std::uint64_t count) {
  start_workers(count);
  const std::unique_ptr<BrokerLink> link = wait_for_broker();
  return link && wait_for_workers(*link);
}

bool LocalCluster::add_light_workers(std::uint64_t count) {
  for (std::uint64_t left = count; left > 0;) {
    const std::uint64_t here = std::min(left, kLightWorkersMax);
    std::vector<std::string> words{"bench",    "workers",       "--count", std::to_string(here),
                                   "--broker", options_.address};
    if (!options_.keys.empty()) words.insert(words.end(), {"--keys", options_.keys});
    workers_.push_back(Child::start("light workers", words));
    left -= here;
  }
  expected_ += count;
  const std::unique_ptr<BrokerLink> link = wait_for_broker();
  return link && wait_for_workers(*link);
}

void LocalCluster::start_workers(std::uint64_t count) {
  for (std::uint64_t left = count; left > 0; --left) workers_.push_back(start_worker(workers_.size() + 1));
  expected_ += count;
}

Child LocalCluster::start_broker() const {
  std::vector<std::string> words{"broker", "start", "--bind", options_.address};
  if (options_.data.empty())
    words.emplace_back("--memory");
  else
    words.insert(words.end(), {"--data", options_.data, "--durability", options_.durability});
  if (!options_.keys.empty()) words.insert(words.end(), {"--keys", options_.keys});
  if (options_.init) words.emplace_back("--init");
  if (!options_.http) words.emplace_back("--http=off");
  if (options_.quiet) words.emplace_back("--quiet");
  return Child::start("the broker", words);
}

Child LocalCluster::start_worker(std::uint64_t number) const {
  std::vector<std::string> words{"worker", "start", "--broker", options_.address};
  if (!options_.keys.empty()) words.insert(words.end(), {"--keys", options_.keys});
  if (options_.slots > 0) words.insert(words.end(), {"--slots", std::to_string(options_.slots)});
  if (options_.threads) words.insert(words.end(), {"--isolation", "thread"});
  if (options_.quiet) words.emplace_back("--quiet");
  return Child::start("worker " + std::to_string(number), words);
}

// A connection that comes too early tries again only much later, so each look is a new one. Where somebody
// else's broker answers, ours is about to say that it cannot listen.
std::unique_ptr<BrokerLink> LocalCluster::wait_for_broker() {
  const Clock::time_point end = Clock::now() + kReadyWithin;
  for (std::chrono::milliseconds patience{50};; patience = std::min(patience * 2, kPatienceMax)) {
    auto link = std::make_unique<BrokerLink>(environment_);
    const bool answered = !link->failure_to_connect(patience);
    if (answered && listens(broker_[0].pid(), options_.address)) return link;
    require_alive();
    if (answered ? signals_.wait_for(kLookMs) : signals_.interrupted()) return nullptr;
    if (Clock::now() <= end) continue;
    link->require_connected();
    throw Complaint(ExitCode::Failure, "another broker answers at " + options_.address);
  }
}

bool LocalCluster::wait_for_workers(BrokerLink& link) {
  const Clock::time_point end = Clock::now() + kReadyWithin;
  while (link.ask("status").value("workers", std::uint64_t{0}) < expected_) {
    require_alive();
    if (signals_.wait_for(kLookMs)) return false;
    if (Clock::now() > end) throw Complaint(ExitCode::TimedOut, "the workers did not join within 30s");
  }
  return true;
}

void LocalCluster::require_alive() {
  const auto look = [](std::vector<Child>& children) {
    for (Child& child : children) {
      if (!child.reap()) continue;
      const bool known = child.code() > 0 && child.code() <= to_int(ExitCode::SomeFailed);
      throw Complaint(known ? static_cast<ExitCode>(child.code()) : ExitCode::Failure,
                      child.name() + " did not start: exit code " + std::to_string(child.code()));
    }
  };
  look(broker_);
  look(workers_);
}

int LocalCluster::watch() {
  while (!signals_.wait_for(200)) {
    for (std::uint64_t number = 1; number <= workers_.size(); ++number) {
      Child& worker = workers_[number - 1];
      if (worker.is_running() && worker.reap() && restarts_.may(worker)) worker = start_worker(number);
    }
    if (!broker_[0].reap()) continue;
    if (options_.data.empty()) {
      environment_.say("the broker ended with exit code " + std::to_string(broker_[0].code()));
    } else if (restarts_.may(broker_[0])) {
      broker_[0] = start_broker();
      continue;
    }
    return broker_[0].code() == 0 ? 0 : to_int(ExitCode::Failure);
  }
  return to_int(ExitCode::Ok);
}

void LocalCluster::kill() {
  for (std::vector<Child>* children : {&workers_, &broker_}) {
    for (const Child& child : *children) child.send(SIGKILL);
    for (Child& child : *children) {
      while (!child.reap()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

void LocalCluster::stop() {
  std::vector<Child*> workers, broker;
  for (Child& child : workers_) workers.push_back(&child);
  for (Child& child : broker_) broker.push_back(&child);
  stop_all(workers);
  stop_all(broker);
}

// Asks, and waits: how long a worker takes to finish is its own business. A second signal ends us, and with
// us the children.
void LocalCluster::stop_all(std::vector<Child*> children) {
  for (const Child* child : children) child->send(SIGTERM);
  for (Child* child : children) {
    while (!child->reap()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace zonda::cli
