#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <thread>

#include "broker/core/broker_core.h"
#include "proto/wire/wake.h"
#include "proto/wire/zmq_broker_wire.h"
#include "sdk/cpp/src/new_job_id.h"
#include "tests/integration/sdk/test_cluster.h"

namespace zonda::test {
namespace {

std::string temp_dir() {
  char path[] = "/tmp/zonda-sdk-XXXXXX";
  if (mkdtemp(path) == nullptr) throw std::runtime_error("mkdtemp");
  return path;
}

}  // namespace

struct TestBroker::Part {
  std::string directory;
  std::string address;
  std::string cookie;
  std::uint64_t epoch = 0;
  ZmqContext context;
  Wake wake;
  std::atomic<bool> stopping{false};
  std::thread thread;

  void start() {
    stopping = false;
    BrokerConfig config;
    config.store = new_job_id();
    config.epoch = ++epoch;
    config.cookie = cookie;
    thread = std::thread([this, config, wire = listen()] { run(*wire, config); });
  }

  // libzmq frees the address of a broker that has just ended a little later, on its own thread.
  std::shared_ptr<ZmqBrokerWire> listen() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
      try {
        BrokerWireOptions options;
        options.addresses = {parse_address(address)};
        options.wake_ups = {wake.descriptor()};
        auto wire = std::make_shared<ZmqBrokerWire>(context, std::move(options));
        address = wire->addresses().front().text();
        return wire;
      } catch (const std::runtime_error&) {
        if (std::chrono::steady_clock::now() > deadline) throw;
      }
    }
  }

  void run(ZmqBrokerWire& wire, const BrokerConfig& config) {
    BrokerCore core(config);
    Effects effects;
    while (!stopping) {
      wire.receive_until(core.next_deadline(), [&](Connection from, std::string_view frame) {
        core.handle(from, frame, now(), effects);
      });
      for (const Connection& gone : wire.take_gone()) core.connection_gone(gone, now(), effects);
      core.settle(now(), effects);
      for (Effects::Outgoing& each : effects.frames) wire.send(each.to, std::move(each.frame));
      effects.frames.clear();
      effects.records.clear();
      effects.events.clear();
    }
    wake.drain();
  }

  static Now now() { return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()}; }

  void stop() {
    stopping = true;
    wake.wake();
    if (thread.joinable()) thread.join();
  }
};

TestBroker::TestBroker(const std::string& address, const std::string& cookie)
    : part_(std::make_unique<Part>()) {
  part_->address = address;
  part_->cookie = cookie;
  if (address.empty()) {
    part_->directory = temp_dir();
    part_->address = "ipc://" + part_->directory;
  }
  part_->start();
}

TestBroker::~TestBroker() {
  part_->stop();
  if (!part_->directory.empty()) std::filesystem::remove_all(part_->directory);
}

const std::string& TestBroker::address() const { return part_->address; }
void TestBroker::stop() { part_->stop(); }

void TestBroker::restart_with_empty_memory() {
  part_->stop();
  part_->start();
}

}  // namespace zonda::test
