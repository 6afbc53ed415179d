#include "tests/simulation/sim_worker.h"

#include "tests/arriving.h"
#include "tests/simulation/ledger.h"

namespace zonda::sim {
namespace {

Hello hello_of(std::mt19937_64& random, std::uint32_t number) {
  Hello hello;
  hello.role = Role::Worker;
  for (auto& byte : hello.peer.bytes) byte = static_cast<std::uint8_t>(random());
  hello.incarnation = random();
  hello.name = "w" + std::to_string(number);
  hello.host = to_string(hello.peer);
  hello.pid = number;
  hello.slots = static_cast<std::uint32_t>(1 + random() % 4);
  hello.functions = {{"work", "()"}};
  hello.resources = {{"gpu", 1.0}};
  return hello;
}

// Every other one spools all that it may, into so little room that it is full at times.
WorkerConfig config_of(std::uint32_t number) {
  WorkerConfig config;
  if (number % 2 == 1) config.outbox_memory = 0;
  return config;
}

std::uint64_t spool_bytes(std::mt19937_64& random) {
  return 200 + random() % (random() % 2 == 0 ? 500 : 4'000);
}

}  // namespace

SimWorker::SimWorker(SimClock& clock, Network& network, std::mt19937_64& random, std::uint32_t number,
                     int slots, OnKilled on_killed)
    : clock_(clock),
      network_(network),
      executor_(clock, slots),
      spool_(clock, spool_bytes(random)),
      core_(
          [&] {
            Hello hello = hello_of(random, number);
            hello.slots = static_cast<std::uint32_t>(executor_.slots());
            host_ = hello.host;
            return hello;
          }(),
          random(), executor_, config_of(number), &spool_),
      number_(number),
      on_killed_(std::move(on_killed)) {
  peer_ = network_.add_peer(Port::Back, [this](std::string_view frame) { turn(frame); });
  wake_at(clock_.now());
}

SimWorker::~SimWorker() {
  *alive_ = false;
  network_.remove_peer(peer_);
}

void SimWorker::turn(std::string_view frame) {
  if (executor_.killer() || is_done()) return;  // the process has ended
  if (clock_.now() < paused_until_) {           // it reads what waits when it goes on
    return clock_.at(paused_until_, [this, alive = alive_, kept = std::string(frame)] {
      if (*alive) turn(kept);
    });
  }
  const std::uint64_t most = core_.outbox().is_full() ? core_.outbox().tasks() : ~0ULL;
  PeerEffects effects;
  if (std::string bytes(frame); !bytes.empty()) core_.handle(arriving(bytes), clock_.now(), effects);
  core_.settle(clock_.now(), effects);
  if (core_.outbox().tasks() > most) throw Violation("a worker without room took results");
  if (executor_.killer()) return on_killed_(*this, *executor_.killer());  // what it wanted to say is lost
  apply(effects);
}

void SimWorker::apply(PeerEffects& effects) {
  if (effects.reconnect) network_.reset(peer_);
  for (std::string& frame : effects.frames) network_.peer_sends(peer_, std::move(frame));
  while (const std::string* frame = core_.next_sink_frame()) {
    network_.peer_sends_to_sink(peer_, *frame);
    core_.sink_frame_sent();
  }
  wake_at(std::max(core_.next_deadline(clock_.now()), clock_.now() + microseconds(1)));
}

void SimWorker::wake_at(TimePoint when) {
  if (when >= next_wake_ && next_wake_ > clock_.now()) return;  // an earlier one will come by
  next_wake_ = when;
  clock_.at(when, [this, alive = alive_, when] {
    if (!*alive || next_wake_ != when) return;
    next_wake_ = TimePoint::max();
    turn({});
  });
}

void SimWorker::drain() {
  if (executor_.killer()) return;
  PeerEffects effects;
  core_.drain(clock_.now(), effects);
  apply(effects);
}

void SimWorker::break_spool(bool for_good, microseconds time) {
  if (for_good)
    spool_.damage();
  else
    spool_.fail_for(time);
}

void SimWorker::pause(microseconds time) { paused_until_ = clock_.now() + time; }

}  // namespace zonda::sim
