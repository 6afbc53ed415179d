#include "tests/simulation/sim_broker.h"

#include "proto/digest.h"
#include "proto/frame.h"
#include "tests/arriving.h"

namespace zonda::sim {

namespace {
constexpr std::uint64_t kCheckEvery = 16;  // turns
}  // namespace

SimBroker::SimBroker(SimClock& clock, Network& network, std::mt19937_64& random, Ledger& ledger,
                     BrokerConfig config)
    : clock_(clock),
      network_(network),
      random_(random),
      ledger_(ledger),
      config_(std::move(config)),
      store_(clock, random, [this](const Record& record) {
        if (const auto* finished = std::get_if<record::Finished>(&record)) ledger_.recorded(*finished);
        if (const auto* tried = std::get_if<record::Attempted>(&record)) ledger_.attempted(*tried);
      }) {
  config_.epoch = 0;
  store_.set_on_event([this] { turn_later(); });
  start();
}

Now SimBroker::now() const {
  return {clock_.now(),
          UtcTime(std::chrono::duration_cast<UtcTime::duration>(clock_.now().time_since_epoch()))};
}

BrokerState SimBroker::state() const {
  if (is_up() && core_->awaits_workers()) return BrokerState::Recovering;
  if (clock_.now() < stalled_until_) return BrokerState::Stalled;
  return held_.empty() ? BrokerState::Serving : BrokerState::Saving;
}

void SimBroker::start() {
  ++config_.epoch;
  config_.seed = random_();
  core_ = std::make_unique<BrokerCore>(config_);
  store_.replay(random_() % 2 == 0 ? ~0ULL : random_() % 50'000,
                [&](Record& record) { core_->restore(record, now()); });
  Effects effects;
  core_->restored(now(), std::chrono::duration_cast<std::chrono::milliseconds>(downtime_), effects);
  if (const std::string wrong = core_->check(); !wrong.empty())
    throw Violation("tables disagree after a restart: " + wrong);
  remember(effects);
  network_.set_broker_up(true);
  wake();
}

void SimBroker::go_down(microseconds downtime, std::optional<std::size_t> kept) {
  ++life_;
  core_.reset();
  store_.crash(kept);
  network_.set_broker_up(false);
  inbox_.clear();
  gone_.clear();
  held_.clear();
  turn_is_due_ = stopping_ = false;
  stalled_until_ = {};
  next_wake_ = TimePoint::max();
  downtime_ = downtime;
  clock_.after(downtime, [this] { start(); });
}

void SimBroker::crash(microseconds downtime) {
  if (is_up()) go_down(downtime);
}

void SimBroker::crash(microseconds downtime, std::size_t kept) {
  if (is_up()) go_down(downtime, kept);
}

void SimBroker::set_back(microseconds downtime) {
  if (!is_up()) return;
  go_down(downtime);
  store_.set_back();
}

// What is on its way to the disk is waited for.
void SimBroker::stop(microseconds downtime) {
  if (!is_up() || stopping_) return;
  stopping_ = true;
  downtime_after_failure_ = downtime;
  Effects effects;
  core_->stop(effects);
  remember(effects);
  turn_later();
}

void SimBroker::disk_fails(microseconds downtime) {
  downtime_after_failure_ = downtime;
  store_.fail_next_sync();
}

void SimBroker::hears(Connection from, std::string_view frame) {
  if (!is_up() || stopping_) return;
  inbox_.emplace_back(from, frame);
  turn_later();
}

// A turn reads what has arrived by then, as in the real loop: many frames, of many peers.
void SimBroker::turn_later() {
  if (!is_up() || std::exchange(turn_is_due_, true)) return;
  TimePoint soon = clock_.now();
  if (turn_every_ > microseconds(0))
    soon +=
        microseconds(static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(turn_every_.count())));
  clock_.at(std::max(soon, stalled_until_), [this, life = life_] {
    if (life == life_) turn();
  });
}

void SimBroker::turn() {
  turn_is_due_ = false;
  if (!store_.failure().empty()) return go_down(downtime_after_failure_);
  if (stopping_) {
    speak();
    if (held_.empty()) go_down(downtime_after_failure_);
    return;
  }
  Effects effects;
  for (auto& [from, frame] : std::exchange(inbox_, {})) core_->handle(from, arriving(frame), now(), effects);
  for (const Payload& payload : store_.take_read()) core_->loaded(payload, now(), effects);
  for (const Connection connection : std::exchange(gone_, {}))
    core_->connection_gone(connection, now(), effects);
  core_->settle(now(), effects);
  remember(effects);
  speak();
  if (!gone_.empty()) turn_later();
  if (++turns_ % kCheckEvery == 0) {
    if (const std::string wrong = core_->check(); !wrong.empty())
      throw Violation("tables disagree: " + wrong);
  }
  wake();
}

// Calls f(const TaskRange&) for what a frame hands out.
template <class F>
void SimBroker::for_each_hand_out(const Effects::Outgoing& outgoing, F&& f) {
  if (outgoing.to.port != Port::Back) return;
  std::variant<Frame, BadFrame> decoded = decode(outgoing.frame);
  if (const Tasks* tasks = std::get_if<Tasks>(&std::get<Frame>(decoded).message)) {
    for (const TaskRange& range : tasks->ranges) f(range);
  }
}

void SimBroker::remember(Effects& effects) {
  for (const Effects::Outgoing& outgoing : effects.frames)
    for_each_hand_out(outgoing, [&](const TaskRange& range) { ledger_.decided(range); });
  if (effects.records.empty() && held_.empty()) {
    for (Effects::Outgoing& outgoing : effects.frames) say(outgoing);
  } else if (!effects.records.empty() || !effects.frames.empty()) {  // or each commit would cause the next
    held_.push_back({store_.commit(std::move(effects.records)), std::move(effects.frames)});
  }
  for (const PayloadName& name : effects.reads) store_.read(name);
}

void SimBroker::speak() {
  for (; !held_.empty() && held_.front().commit <= store_.committed(); held_.pop_front()) {
    for (Effects::Outgoing& outgoing : held_.front().frames) say(outgoing);
  }
}

void SimBroker::say(Effects::Outgoing& outgoing) {
  trace_ =
      digest(outgoing.frame, trace_ ^ static_cast<std::uint64_t>(clock_.now().time_since_epoch().count()));
  for_each_hand_out(outgoing, [&](const TaskRange& range) { ledger_.issued(range); });
  if (!network_.broker_sends(outgoing.to, std::move(outgoing.frame))) gone_.push_back(outgoing.to);
}

void SimBroker::wake() {
  const TimePoint when = std::max(core_->next_deadline(), clock_.now() + microseconds(1));
  if (when >= next_wake_ && next_wake_ > clock_.now()) return;
  next_wake_ = when;
  if (when == TimePoint::max()) return;
  clock_.at(when, [this, when, life = life_] {
    if (life != life_ || next_wake_ != when) return;
    next_wake_ = TimePoint::max();
    turn_later();
  });
}

}  // namespace zonda::sim
