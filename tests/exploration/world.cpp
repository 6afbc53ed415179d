#include "tests/exploration/world.h"

#include "proto/frame.h"
#include "tests/exploration/mix.h"

namespace zonda::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kBroker = 0;
constexpr std::uint64_t kClient = 1;
constexpr auto kLeaseHere = 2s;
constexpr auto kLongerThanLease = 3s;
constexpr auto kDoneWithin = 120s;

BrokerConfig config() {
  BrokerConfig config;
  config.store.bytes.fill(7);
  config.lease = kLeaseHere;
  config.heartbeat = 500ms;
  config.client_grace = 12s;
  config.backoff_base = 50ms;
  config.backoff_max = 50ms;
  config.durability = "fsync";
  return config;
}

}  // namespace

World::World() {
  broker_ = std::make_unique<SimBroker>(clock_, network_, broker_random_, ledger_, config());
  broker_->set_turn_every(microseconds(0));
  broker_->store().sync_by_hand();
  clock_.set_owner(kClient);
  client_ = std::make_unique<SimClient>(clock_, network_, client_random_, ledger_, ++last_number_);
  for (std::unique_ptr<SimWorker>& worker : workers_) join(worker);
  JobSpec spec;
  spec.function = "work";
  spec.signature = "()";
  spec.retries = 1;
  JobId job;
  job.bytes.fill(9);
  clock_.set_owner(kClient);
  client_->submit(job, spec, {{Nature::Value, 3'000, 17}, {Nature::FailFirst, 7'000, 19}});
  tick(clock_.now());
}

void World::join(std::unique_ptr<SimWorker>& worker) {
  if (worker) histories_.erase(worker->peer());
  worker.reset();
  const std::uint64_t peer = network_.last_peer() + 1;
  clock_.set_owner(peer);
  std::mt19937_64 random(1'000 + ++last_number_);
  worker = std::make_unique<SimWorker>(clock_, network_, random, last_number_, 1);
  heard(peer, last_number_);
}

void World::heard(std::uint64_t who, std::uint64_t what) {
  std::uint64_t& history = histories_[who];
  history = mix(mix(history, clock_.now()), what);
}

void World::sync_waits() {
  if (broker_->store().is_syncing() && !network_.has_sync()) network_.sync_waits();
}

void World::arrive(const Waiting& frame) {
  if (frame.lane.way == Way::Down) {
    clock_.set_owner(frame.lane.peer);
    heard(frame.lane.peer, frame.digest);
    return network_.tell_peer(frame);
  }
  clock_.set_owner(kBroker);
  heard(kBroker, mix(mix(frame.digest, static_cast<std::uint64_t>(frame.lane.way)), frame.connection.number));
  if (frame.lane.way == Way::Disk) return broker_->store().end_sync();
  broker_->hears(frame.connection, frame.bytes);
}

// All timers until then run; what is sent waits.
void World::tick(TimePoint until) {
  sync_waits();
  while (clock_.next() <= until) {
    const TimePoint when = clock_.next();
    const std::uint64_t owner = clock_.owner_of_next();
    histories_[owner] = mix(mix(histories_[owner], when), std::uint64_t{1});
    clock_.step(when);
    sync_waits();
  }
  clock_.step(until);
}

void World::pass_time() {
  const std::uint64_t sent = network_.sent();
  const std::size_t could = network_.deliverable().size();
  while (network_.sent() == sent && network_.deliverable().size() == could) {
    if (clock_.next() > begin_ + kDoneWithin) throw Violation("the work did not end: " + ledger_.missing());
    tick(clock_.next());
  }
}

void World::make(const Move& move) {
  const std::vector<const Waiting*> waiting = network_.deliverable();
  const Lane oldest = waiting.empty() ? Lane{} : waiting.front()->lane;
  clock_.set_owner(kBroker);
  switch (move.kind) {
    case Move::Kind::Next: waiting.empty() ? pass_time() : arrive(network_.take(oldest)); break;
    case Move::Kind::First: arrive(network_.take(move.lane)); break;
    case Move::Kind::Lose: network_.take(oldest); break;
    case Move::Kind::Double: arrive(network_.copy(oldest)); break;
    case Move::Kind::Hold:
      network_.hold(move.lane, clock_.now() + kLongerThanLease);
      clock_.after(kLongerThanLease, [] {});
      break;
    case Move::Kind::Break: network_.reset(move.number); break;
    case Move::Kind::Kill: join(workers_.at(move.number - 1)); break;
    case Move::Kind::Crash:
      heard(kBroker, mix(2, move.number));
      broker_->crash(microseconds(0), move.number);
      break;
    case Move::Kind::Stop:
      heard(kBroker, 3);
      broker_->stop(microseconds(0));
      break;
    case Move::Kind::Time: pass_time(); break;
    case Move::Kind::Lease: tick(clock_.now() + kLongerThanLease); break;
    case Move::Kind::kCount: break;
  }
  tick(clock_.now());
}

std::vector<Move> World::deviations() const {
  std::vector<Move> moves;
  const std::vector<const Waiting*> waiting = network_.deliverable();
  for (const Waiting* each : waiting) {
    if (each != waiting.front()) moves.push_back({Move::Kind::First, each->lane, 0});
    moves.push_back({Move::Kind::Hold, each->lane, 0});
  }
  if (!waiting.empty()) {
    if (waiting.front()->lane.way != Way::Disk) {
      moves.push_back({Move::Kind::Lose, {}, 0});
      moves.push_back({Move::Kind::Double, {}, 0});
    }
    moves.push_back({Move::Kind::Time, {}, 0});
  }
  moves.push_back({Move::Kind::Break, {}, client_->peer()});
  for (std::uint64_t worker = 1; worker <= workers_.size(); ++worker) {
    moves.push_back({Move::Kind::Break, {}, workers_[worker - 1]->peer()});
    moves.push_back({Move::Kind::Kill, {}, worker});
  }
  for (std::size_t kept = 0; kept <= broker_->store().pending(); ++kept)
    moves.push_back({Move::Kind::Crash, {}, kept});
  moves.push_back({Move::Kind::Stop, {}, 0});
  moves.push_back({Move::Kind::Lease, {}, 0});
  return moves;
}

bool World::is_over() const {
  return client_->is_idle() && broker_->is_up() && broker_->attached_jobs() == 0;
}

void World::check() const {
  if (const std::string wrong = broker_->check(); !wrong.empty())
    throw Violation("tables disagree: " + wrong);
  if (!is_over()) return;
  if (const std::string missing = ledger_.missing(); !missing.empty())
    throw Violation("over, but not done: " + missing);
}

std::string World::next() const {
  const std::vector<const Waiting*> waiting = network_.deliverable();
  if (waiting.empty()) return "time passes";
  const Waiting& first = *waiting.front();
  std::string text = std::to_string(first.lane.peer) + static_cast<char>(first.lane.way) + " ";
  if (first.lane.way == Way::Disk) return text + "synced";
  if (first.bytes.empty()) return text + "connected";
  const std::variant<Frame, BadFrame> decoded = decode(first.bytes);
  return text + describe(std::get<Frame>(decoded).message);
}

double World::seconds() const { return std::chrono::duration<double>(clock_.now() - begin_).count(); }

std::uint64_t World::digest() const {
  std::uint64_t sum = mix(network_.digest(), clock_.now());
  for (const auto& [who, history] : histories_) sum = mix(mix(sum, who), history);
  for (const auto& worker : workers_) sum = mix(sum, worker->peer());
  clock_.for_each([&](TimePoint when, std::uint64_t owner) { sum = mix(mix(sum, when), owner); });
  return sum;
}

}  // namespace zonda::sim
