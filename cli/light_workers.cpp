#include "cli/light_workers.h"

#include <poll.h>

#include <list>
#include <random>
#include <stdexcept>
#include <utility>

#include "cli/daemons.h"
#include "proto/keys/key_file.h"
#include "proto/wire/descriptor_limit.h"
#include "proto/wire/signals.h"
#include "proto/wire/zmq_context.h"
#include "proto/wire/zmq_peer_wire.h"
#include "worker/worker_hello.h"
#include "worker/worker_loop.h"

namespace zonda::cli {
namespace {

constexpr std::uint64_t kDescriptorsOfEach = 4;  // two sockets, each with its own wake-up
constexpr std::uint64_t kDescriptors = 64;
constexpr int kLookMs = 20;

// Every task is done at once: its result is its only argument.
class EchoExecutor final : public Executor {
 public:
  int slots() const override { return 1; }
  void start(int slot, Work work) override {
    Finished done{slot, work.job, work.first, work.token, {}, {}, {}};
    for_each_value(work.arguments, [&](std::uint32_t, std::string_view value) {
      value.remove_prefix(1);  // msgpack's head of an array of one
      const auto length = static_cast<std::uint32_t>(value.size());
      done.lengths.append(reinterpret_cast<const char*>(&length), sizeof length);
      done.payloads.append(value);
    });
    events_.emplace_back(std::move(done));
  }
  void stop(int, const TaskId&, StopReason, TimePoint) override {}
  void drop(const JobId&, std::uint64_t, std::uint64_t, Token) override {}
  void output_room(int, const TaskId&, std::uint64_t) override {}
  std::optional<Running> running(int) const override { return std::nullopt; }
  std::vector<ExecutorEvent> take_events(TimePoint) override { return std::exchange(events_, {}); }
  int event_fd() const override { return -1; }
  std::optional<TimePoint> next_deadline() const override {
    if (events_.empty()) return std::nullopt;
    return TimePoint::min();
  }

 private:
  std::vector<ExecutorEvent> events_;
};

struct LightWorker {
  LightWorker(ZmqContext& context, const BaseAddress& broker, const std::optional<CurveKeys>& keys,
              const Hello& hello, std::uint64_t seed)
      : wire(context, {.address = broker.endpoint(Port::Back), .keys = keys}),
        core(hello, seed, executor),
        loop(core, wire, broker) {}

  // True if something came, or is to be said.
  bool turn() {
    const std::uint64_t before = wire.counters().front.frames_in;
    loop.turn(TimePoint::min());
    return wire.counters().front.frames_in != before || executor.next_deadline();
  }

  EchoExecutor executor;
  ZmqPeerWire wire;
  WorkerCore core;
  WorkerLoop loop;
};

}  // namespace

void run_light_workers(const std::string& address, const std::string& keys, std::uint64_t count) {
  Signals signals;
  if (raise_descriptor_limit() < kDescriptors + count * kDescriptorsOfEach)
    throw std::runtime_error(std::to_string(count) + " workers need " +
                             std::to_string(kDescriptors + count * kDescriptorsOfEach) + " open files");
  const BaseAddress broker = parse_address(address);
  Handlers handlers;
  add_echo_functions(handlers);
  WorkerSettings settings;
  settings.slots = 1;
  settings.keys = keys;
  std::optional<CurveKeys> key;
  if (!keys.empty()) key = read_peer_key(peer_key_path(keys, {KeyRole::Worker})).keys;
  std::random_device device;
  std::mt19937_64 random((std::uint64_t{device()} << 32) ^ device());
  ZmqContext context(1, static_cast<int>(2 * count) + 16);
  std::list<LightWorker> workers;
  for (std::uint64_t number = 1; number <= count; ++number) {
    Hello hello = hello_of(settings, handlers, broker, random);
    hello.name += "-" + std::to_string(number);
    workers.emplace_back(context, broker, key, hello, random());
  }
  while (signals.take() == 0) {
    bool idle = true;
    for (LightWorker& worker : workers) idle = !worker.turn() && idle;
    pollfd signal{signals.fd(), POLLIN, 0};
    if (idle) poll(&signal, 1, kLookMs);
  }
  for (LightWorker& worker : workers) worker.loop.leave();
}

}  // namespace zonda::cli
