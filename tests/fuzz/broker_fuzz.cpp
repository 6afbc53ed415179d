// A byte stream drives connections and messages into the broker core; its own cross-check is the oracle, and
// so are the rules of the protocol for what it says.
#include "tests/fuzz/broker_fuzz.h"

#include <cstdio>

#include "tests/arriving.h"

using namespace zonda;
using namespace std::chrono_literals;

namespace zonda::fuzz {
namespace {

BrokerConfig config() {
  BrokerConfig config;
  config.memory_limit = 1 << 20;
  config.client_window_bytes = 1 << 16;
  config.client_window_tasks = 64;
  config.lost_limit = 2;
  return config;
}

}  // namespace

BrokerFuzz::BrokerFuzz(Input& input) : input_(input), core_(config()) {
  for (std::uint32_t at = 0; at < peers_.size(); ++at)
    peers_[at].connection = {at < 3 ? Port::Front : Port::Back, at + 1};
}

void BrokerFuzz::run() {
  while (!input_.at_end()) step();
  turn();
}

void BrokerFuzz::step() {
  FuzzPeer& peer = any_peer();
  const bool client = peer.connection.port == Port::Front;
  switch (input_.below(12)) {
    case 0: return hello(peer);
    case 1: return deliver(peer.connection, "");
    case 2:
      return deliver(input_.flag() ? peer.connection : Connection{Port::Sink, 0},
                     std::string(input_.chunk()));
    case 3: {
      std::string frame =
          peer.out.pack({peer.session, 0, 0, 100, 1 << 16}, client ? from_client() : from_worker()).front();
      frame[input_.byte() % frame.size()] = static_cast<char>(input_.byte());
      return deliver(peer.connection, std::move(frame));
    }
    case 4: return core_.connection_gone(peer.connection, now_, effects_);
    case 5:
      now_.steady += std::chrono::milliseconds(input_.byte()) * (input_.flag() ? 1 : 100);
      return turn();
    case 6: return turn();
    case 7: return say(peer, input_.flag() ? from_client() : from_worker());  // not always its to say
    case 8: return say_to_sink(peer, results());
    default: return say(peer, client ? from_client() : from_worker());
  }
}

void BrokerFuzz::hello(FuzzPeer& peer) {
  Hello hello;
  hello.role = peer.connection.port == Port::Back ? Role::Worker : Role::Client;
  if (input_.below(16) == 0) hello.role = Role::Worker;
  hello.protocol_min = hello.protocol_max = 1;
  hello.peer.bytes[0] = input_.below(3);
  if (input_.below(8) == 0) ++peer.incarnation;
  hello.incarnation = peer.incarnation;
  hello.attempt = ++peer.attempt;
  hello.name = std::string(1, static_cast<char>('a' + input_.below(4)));
  hello.slots = 1 + input_.below(4);
  hello.draining = input_.below(8) == 0;
  hello.functions = {{"f", "() -> int"}};
  if (input_.flag()) hello.functions.push_back({"g", "() -> int"});
  if (input_.flag()) hello.queues = {"default", "q"};
  if (input_.flag()) hello.resources = {{"gpu", static_cast<double>(input_.number())}};
  peer.out = {};
  deliver(peer.connection, encode({}, hello));
}

void BrokerFuzz::say(FuzzPeer& peer, const Message& message) {
  for (std::string& frame : peer.out.pack({peer.session, 0, 0, 1'000, 1 << 20}, message))
    deliver(peer.connection, std::move(frame));
}

void BrokerFuzz::say_to_sink(FuzzPeer& peer, const Message& message) {
  for (std::string& frame : peer.sink.pack({peer.session, 0, 0, 0, 0}, message))
    deliver({Port::Sink, 0}, std::move(frame));
}

void BrokerFuzz::deliver(Connection from, std::string frame) {
  core_.handle(from, arriving(frame), now_, effects_);
}

void BrokerFuzz::turn() {
  core_.settle(now_, effects_);
  for (const Effects::Outgoing& outgoing : effects_.frames) hear(outgoing);
  effects_ = {};
  const std::string wrong = core_.check();
  if (!wrong.empty()) std::fprintf(stderr, "check: %s\n", wrong.c_str());
  ZONDA_ASSERT(wrong.empty());
}

void BrokerFuzz::hear(const Effects::Outgoing& outgoing) {
  auto decoded = decode(outgoing.frame);
  if (const BadFrame* bad = std::get_if<BadFrame>(&decoded))
    std::fprintf(stderr, "said: %s\n", bad->reason.c_str());
  Frame& frame = std::get<Frame>(decoded);
  for (FuzzPeer& peer : peers_) {
    if (peer.connection != outgoing.to) continue;
    if (const Welcome* welcome = std::get_if<Welcome>(&frame.message)) {
      peer.session = frame.header.session;
      peer.epoch = welcome->epoch;
      peer.out = {};
      peer.sink = {};
      peer.in = {};
      continue;
    }
    if (frame.header.seq == 0 || frame.header.session != peer.session) continue;
    ZONDA_ASSERT(peer.in.receive(frame) == Arrival::Complete);
    if (const Tasks* tasks = std::get_if<Tasks>(&peer.in.message())) {
      for (const TaskRange& range : tasks->ranges)
        handed_out_.push_back(
            {range.job, range.first, range.arguments.count(), range.epoch, range.lease, false});
    }
  }
}

JobSpec BrokerFuzz::spec() {
  JobSpec spec;
  const std::uint8_t bits = input_.byte();
  spec.function = (bits & 1) != 0 ? "f" : "g";
  spec.signature = "() -> int";
  if ((bits & 2) != 0) spec.queue = "q";
  if ((bits & 4) != 0) spec.retries = static_cast<std::uint32_t>(input_.number());
  if ((bits & 8) != 0) spec.delay_ms = input_.number();
  if ((bits & 16) != 0) spec.deadline_ms = input_.number();
  if ((bits & 32) != 0) spec.resources = {{"gpu", static_cast<double>(input_.number()) / 8}};
  spec.detached = (bits & 64) != 0;
  if ((bits & 128) != 0) {
    spec.fails_max = input_.below(3);
    spec.priority = input_.below(3);
    spec.key = input_.flag() ? "k" : "";
    spec.timeout_ms = input_.number();
  }
  return spec;
}

Message BrokerFuzz::from_client() {
  switch (input_.below(8)) {
    case 0: return OpenJob{job(), spec(), input_.number() % 4, 0};
    case 1: return CloseJob{job(), input_.number()};
    case 2: return Cancel{job(), input_.number(), input_.number()};
    case 3: return OutcomeAck{job(), input_.number()};
    case 4: return Attach{job(), input_.number()};
    case 5: return query();
    case 6: return input_.below(8) == 0 ? Message{Goodbye{}} : Message{Heartbeat{0, true}};
    default: break;
  }
  const std::uint8_t count = input_.below(6);
  lengths_.clear();
  for (std::uint8_t at = 0; at < count; ++at) lengths_ += std::string("\1\0\0\0", 4);
  payloads_ = std::string(count, 'x');
  Append append{job(), input_.number(), 0, {lengths_, payloads_}};
  // Mostly where it fits.
  if (const Job* known = core_.job(append.job); known != nullptr && input_.below(4) != 0)
    append.first = known->count;
  return append;
}

Query BrokerFuzz::query() {
  static constexpr const char* kQuestions[] = {
      "status",     "functions", "worker.list", "worker.drain", "job.list",     "job.info",    "job.cancel",
      "job.forget", "job.retry", "task.list",   "task.info",    "task.explain", "broker.stop", "nonsense"};
  payloads_ = "\x83\xa3job\xba" + to_string(job()) + "\xa6worker\xa1";
  payloads_ += static_cast<char>('a' + input_.below(4));
  payloads_ += "\xa5index";
  payloads_ += static_cast<char>(input_.below(8));
  return {input_.byte(), kQuestions[input_.below(std::size(kQuestions))], payloads_};
}

Held BrokerFuzz::held() {
  Held held{job(), input_.number(), input_.number(), input_.below(3), input_.number(), input_.flag()};
  if (handed_out_.empty() || input_.below(6) == 0) return held;
  const bool started = held.started;
  held = handed_out_[input_.byte() % handed_out_.size()];
  held.started = started;
  if (input_.below(4) == 0) held.first += input_.below(3);
  if (input_.below(4) == 0) held.count = input_.number();
  return held;
}

std::vector<Held> BrokerFuzz::some_held() {
  std::vector<Held> list(input_.below(4));
  for (Held& each : list) each = held();
  return list;
}

Message BrokerFuzz::from_worker() {
  switch (input_.below(10)) {
    case 0: return Started{some_held()};
    case 1: return Returned{some_held()};
    case 2: return Holdings{some_held(), input_.below(4) != 0};
    case 3: {
      const Held one = held();
      return WorkerProgress{one.job, one.first, one.epoch, one.lease, 1, 2, "text"};
    }
    case 4: {
      const Held one = held();
      return Output{one.job, one.first, one.epoch, one.lease, 1, 1, 0, "bytes"};
    }
    case 5: return input_.below(4) == 0 ? Message{Drain{}} : Message{Credit{}};
    case 6: return input_.below(4) == 0 ? Message{Goodbye{}} : Message{Credit{}};
    case 7: return Heartbeat{input_.number(), input_.flag()};
    default: return Holdings{{}, true};
  }
}

Message BrokerFuzz::results() {
  const Held done = held();
  const std::size_t count = std::min<std::uint64_t>(done.count, 1 + input_.below(8));
  lengths_.assign(4 * count, '\0');
  kinds_.clear();
  if (input_.flag()) {
    for (std::size_t at = 0; at < count; ++at)
      kinds_ += static_cast<char>(input_.flag() ? 0 : input_.below(9));
  }
  return WorkerResults{
      {{done.job, done.first, done.epoch, done.lease, input_.number(), kinds_, {lengths_, {}}}}};
}

}  // namespace zonda::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  fuzz::BrokerFuzz(input).run();
  return 0;
}
