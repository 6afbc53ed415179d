#include <zonda/context.h>
#include <zonda/detail/bind.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "proto/wire/address.h"
#include "proto/wire/wake.h"
#include "proto/wire/zmq_peer_wire.h"
#include "sdk/cpp/src/new_job_id.h"
#include "tests/integration/sdk/test_cluster.h"
#include "tests/integration/sdk/test_functions.h"
#include "worker/core/worker_core.h"
#include "worker/executor/thread_executor.h"

namespace zonda::test {
namespace {

std::mutex gates_mutex;
std::condition_variable gates_changed;
std::set<std::string> open_gates;

std::string pass(Context& context, const std::string& gate) {
  const std::stop_callback wake(context.stop_token(), [] {
    const std::lock_guard lock(gates_mutex);
    gates_changed.notify_all();
  });
  std::unique_lock lock(gates_mutex);
  gates_changed.wait(lock, [&] { return open_gates.contains(gate) || context.stopping(); });
  return open_gates.contains(gate) ? "passed" : "stopped";
}

Handlers handlers() {
  Handlers all;
  all.add(detail::make_handler(
      length, [](const std::string& text) { return static_cast<std::int64_t>(text.size()); }));
  all.add(detail::make_handler(square, [](std::int64_t x) { return x * x; }));
  all.add(detail::make_handler(repeat, [](const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  }));
  all.add(detail::make_handler(fail_with, [](const std::string& why) { throw std::invalid_argument(why); }));
  all.add(detail::make_handler(nothing, [] {}));
  all.add(detail::make_handler(wait_for, [](Context& context, const std::string& gate) {
    context.progress(1, 2, "waiting");
    return pass(context, gate);
  }));
  all.add(detail::make_handler(slow_zero, [](Context& context, std::int64_t x) {
    if (x == 0) pass(context, "slow");
    if (x == 250'000) Gates::open("slow");
    return x;
  }));
  all.add(detail::make_handler(chatter, [](Context& context, int times) {
    for (int i = 0; i < times && !context.stopping(); ++i)
      context.progress(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(times));
    return times;
  }));
  all.add({"test.liar", liar.signature(), [](detail::TaskControl&, std::string_view, detail::Output& out) {
             detail::encode(out, std::string("not a number"));
           }});
  return all;
}

}  // namespace

void Gates::open(const std::string& name) {
  const std::lock_guard lock(gates_mutex);
  open_gates.insert(name);
  gates_changed.notify_all();
}

void Gates::close_all() {
  const std::lock_guard lock(gates_mutex);
  open_gates.clear();
}

struct TestWorker::Part {
  BaseAddress address;
  int slots = 0;
  ZmqContext context;
  Wake wake;
  std::atomic<bool> stopping{false};
  std::thread thread;

  Hello hello() const {
    Hello hello;
    hello.role = Role::Worker;
    hello.peer = new_job_id();
    hello.incarnation = random_number();
    hello.name = "worker-" + std::to_string(hello.incarnation % 1'000'000);
    hello.slots = static_cast<std::uint32_t>(slots);
    const Handlers served = handlers();
    for (const detail::Handler& each : served.all()) hello.functions.push_back({each.name, each.signature});
    return hello;
  }

  void run() {
    ThreadExecutor executor(slots, handlers());
    PeerWireOptions options;
    options.address = address.endpoint(Port::Back);
    options.wake_ups = {wake.descriptor(), executor.event_fd()};
    ZmqPeerWire wire(context, std::move(options));
    wire.connect_sink(address.endpoint(Port::Sink));
    WorkerCore core(hello(), random_number(), executor);
    PeerEffects effects;
    const auto now = [] { return std::chrono::steady_clock::now(); };
    const auto speak = [&] {
      core.settle(now(), effects);
      if (std::exchange(effects.restart, false)) wire.discard_unsent();
      for (std::string& frame : std::exchange(effects.frames, {})) wire.send(std::move(frame));
      while (std::string* frame = core.next_sink_frame()) {
        if (!wire.send_to_sink(std::move(*frame))) break;
        core.sink_frame_sent();
      }
    };
    while (!stopping) {
      speak();
      wire.receive_until(core.next_deadline(now()),
                         [&](std::string_view frame) { core.handle(frame, now(), effects); });
    }
  }
};

TestWorker::TestWorker(const TestBroker& broker, int slots) : part_(std::make_unique<Part>()) {
  part_->address = parse_address(broker.address());
  part_->slots = slots;
  part_->thread = std::thread([this] { part_->run(); });
}

TestWorker::~TestWorker() {
  part_->stopping = true;
  part_->wake.wake();
  part_->thread.join();
}

}  // namespace zonda::test
