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

}  // namespace

bool LocalCluster::start() {
  std::vector<std::string> broker{"broker", "start", "--bind", options_.address};
  if (options_.data.empty())
    broker.emplace_back("--memory");
  else
    broker.insert(broker.end(), {"--data", options_.data, "--durability", options_.durability});
  if (options_.init) broker.emplace_back("--init");
  if (options_.quiet) broker.emplace_back("--quiet");
  broker_.push_back(Child::start("the broker", broker));
  const std::unique_ptr<BrokerLink> link = wait_for_broker();
  if (!link) return false;
  for (std::uint64_t number = 1; number <= options_.workers; ++number) {
    std::vector<std::string> worker{"worker", "start", "--broker", options_.address};
    if (options_.slots > 0) worker.insert(worker.end(), {"--slots", std::to_string(options_.slots)});
    if (options_.threads) worker.insert(worker.end(), {"--isolation", "thread"});
    if (options_.quiet) worker.emplace_back("--quiet");
    workers_.push_back(Child::start("worker " + std::to_string(number), worker));
  }
  return wait_for_workers(*link);
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
  while (link.ask("status").value("workers", std::uint64_t{0}) < options_.workers) {
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
    for (Child& worker : workers_) {
      if (worker.is_running() && worker.reap())
        environment_.say(worker.name() + " ended with exit code " + std::to_string(worker.code()));
    }
    if (broker_[0].reap()) {
      environment_.say("the broker ended with exit code " + std::to_string(broker_[0].code()));
      return broker_[0].code() == 0 ? 0 : to_int(ExitCode::Failure);
    }
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
