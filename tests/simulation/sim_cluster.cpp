#include "tests/simulation/sim_cluster.h"

namespace zonda::sim {

using namespace std::chrono_literals;

namespace {
constexpr std::int64_t kTroubleUs = 1'000'000;  // at most; in one of sixteen runs four times as long
constexpr auto kQuietWithin = 600s;             // once the trouble is over, all work ends in bounded time
constexpr std::uint64_t kEventsMin = 600;
constexpr std::uint64_t kFaultsMin = 3;
constexpr std::uint64_t kEventsMax = 3'000'000;
}  // namespace

SimCluster::SimCluster(std::uint64_t seed, Coverage& coverage)
    : random_(seed), coverage_(coverage), network_(clock_, random_, coverage_) {
  BrokerConfig config;
  config.seed = random_();
  config.store.bytes.fill(7);
  config.lease = std::chrono::milliseconds(2'000);
  config.heartbeat = std::chrono::milliseconds(400);
  config.client_grace = std::chrono::milliseconds(12'000);
  config.client_window_tasks = 50 + random_() % 1'000;
  config.durability = "fsync";
  if (random_() % 3 == 0) config.memory_limit = 2'000 + random_() % 60'000;  // most is in the store only
  if (random_() % 3 == 0) config.reader_window_bytes = random_() % 500;
  Faults faults;
  const bool lossy = random_() % 4 != 0;
  faults.drop = lossy ? 0.02 * static_cast<double>(random_() % 100) / 100 : 0;
  faults.duplicate = lossy ? 0.02 * static_cast<double>(random_() % 100) / 100 : 0;
  faults.reset = lossy ? 0.005 * static_cast<double>(random_() % 100) / 100 : 0;
  faults.delay_max = microseconds(static_cast<std::int64_t>(200 + random_() % 20'000));
  network_.set_faults(faults);
  broker_ = std::make_unique<SimBroker>(clock_, network_, random_, ledger_, config);
  network_.set_broker_state([this] { return broker_->state(); });
  broker_->store().set_sync_max(microseconds(static_cast<std::int64_t>(random_() % 20'000)));
  network_.set_broker([this](Connection from, std::string_view frame) { broker_->hears(from, frame); });
  may_set_back_ = random_() % 8 == 0;
  const auto longer = random_() % 16 == 0 ? 4 : 1;
  trouble_until_ =
      clock_.now() +
      microseconds(longer * (kTroubleUs / 2 + static_cast<std::int64_t>(random_() % (kTroubleUs / 2))));
}

void SimCluster::trouble_later() {
  clock_.after(microseconds(static_cast<std::int64_t>(random_() % 300'000)), [this] {
    if (clock_.now() >= trouble_until_) return;
    trouble();
    trouble_later();
  });
}

void SimCluster::load_later() {
  clock_.after(microseconds(static_cast<std::int64_t>(random_() % 500'000)), [this] {
    if (clock_.now() >= trouble_until_) return;
    if (!clients_.empty()) {
      SimClient& client = *clients_[random_() % clients_.size()];
      switch (random_() % 8) {
        case 0: client.cancel_something(); break;
        case 1: client.ask_something(); break;
        case 2: client.watch(clients_[random_() % clients_.size()]->some_job()); break;
        default: client.submit_something();
      }
    }
    load_later();
  });
}

std::unique_ptr<SimWorker> SimCluster::new_worker(std::uint32_t number) {
  const int slots = static_cast<int>(1 + random_() % 4);
  return std::make_unique<SimWorker>(
      clock_, network_, random_, number, slots,
      [this](const SimWorker& worker, const TaskId& by) { was_killed(worker, by); });
}

// Another comes soon. The one that died is in the middle of its turn.
void SimCluster::was_killed(const SimWorker& worker, const TaskId& by) {
  ledger_.killed(worker.host(), by);
  clock_.after(microseconds(1), [this, peer = worker.peer()] {
    for (std::unique_ptr<SimWorker>& each : workers_) {
      if (each->peer() == peer) replace(each, false);
    }
  });
}

void SimCluster::end_process(std::unique_ptr<SimWorker>& worker) {
  report_.spools += worker->spooled();
  worker.reset();
}

void SimCluster::replace(std::unique_ptr<SimWorker>& worker, bool with_its_name) {
  const std::uint32_t number = with_its_name ? worker->number() : ++last_number_;
  end_process(worker);
  worker = new_worker(number);
  if (leaving_) worker->drain();
}

// Processes of workers that left end, and others come.
void SimCluster::replace_those_that_left() {
  for (std::unique_ptr<SimWorker>& worker : workers_) {
    if (!worker->is_done()) continue;
    ledger_.disturbed(worker->host());  // its goodbye may be lost, and a task have been on its way to it
    replace(worker, false);
  }
}

// Mostly a moment, sometimes longer than anybody waits.
microseconds SimCluster::some_downtime() {
  const std::uint64_t draw = random_() % 64;
  const std::uint64_t most = draw == 0 ? 20'000'000 : draw < 8 ? 2'000'000 : 300'000;
  return microseconds(static_cast<std::int64_t>(random_() % most));
}

void SimCluster::trouble() {
  ++report_.faults;
  replace_those_that_left();
  const std::size_t worker = random_() % workers_.size();
  const std::size_t client = random_() % clients_.size();
  const bool at_client = random_() % 4 == 0;
  const std::uint64_t peer = at_client ? clients_[client]->peer() : workers_[worker]->peer();
  const std::uint64_t what = random_() % (may_set_back_ ? 16 : 13);
  if (what <= 4) ledger_.disturbed(workers_[worker]->host());
  switch (what) {
    case 8: return broker_->stall(microseconds(static_cast<std::int64_t>(random_() % 4'000'000)));
    case 9: return broker_->crash(some_downtime());
    case 10: return broker_->stop(some_downtime());
    case 11:
      if (random_() % 2 == 0) return broker_->crash(some_downtime());
      return broker_->disk_fails(some_downtime());
    case 12:
      return workers_[worker]->break_spool(random_() % 2 == 0,
                                           microseconds(static_cast<std::int64_t>(random_() % 2'000'000)));
    case 13:
    case 14: return broker_->store().back_up();
    case 15:
      if (!broker_->store().has_backup()) return broker_->store().back_up();
      ledger_.set_back();
      return broker_->set_back(some_downtime());
    case 0:  // kill -9, and another takes its place, or its name
    case 1: return replace(workers_[worker], random_() % 2 == 0);
    case 2:  // the network is cut for a while: shorter or longer than a lease
      network_.partition(peer, true);
      return clock_.after(microseconds(static_cast<std::int64_t>(random_() % 5'000'000)),
                          [this, peer] { network_.partition(peer, false); });
    case 3: return network_.reset(peer);
    case 4: return workers_[worker]->pause(microseconds(static_cast<std::int64_t>(random_() % 4'000'000)));
    case 5:  // one more, of its own name or of one that is taken
      workers_.push_back(new_worker(random_() % 2 == 0 ? ++last_number_ : workers_[worker]->number()));
      return;
    case 6:
      if (workers_.size() > 1) workers_[worker]->drain();
      return;
    default:
      if (random_() % 3 != 0) return network_.reset(peer);
      if (random_() % 2 == 0) clients_[client]->goodbye();
      clients_[client].reset();
      clients_[client] = std::make_unique<SimClient>(clock_, network_, random_, ledger_, ++last_number_);
  }
}

bool SimCluster::all_quiet() const {
  return std::all_of(clients_.begin(), clients_.end(), [](const auto& client) { return client->is_idle(); });
}

void SimCluster::live_until_trouble_ends() {
  while (clock_.step(trouble_until_) && report_.events < kEventsMax) ++report_.events;
}

template <class Done>
bool SimCluster::live_until(Done&& done) {
  while (!done() && clock_.step(end_) && report_.events < kEventsMax) ++report_.events;
  return done();
}

void SimCluster::make_trouble() {
  for (std::size_t n = 1 + random_() % 3; n > 0; --n) workers_.push_back(new_worker(++last_number_));
  for (std::size_t n = 1 + random_() % 2; n > 0; --n)
    clients_.push_back(std::make_unique<SimClient>(clock_, network_, random_, ledger_, ++last_number_));
  trouble_later();
  load_later();
  live_until_trouble_ends();
  // Else the broker was down for most of it.
  while (report_.events < kEventsMin || report_.faults + network_.faults_injected() < kFaultsMin) {
    trouble_until_ = clock_.now() + microseconds(kTroubleUs);
    trouble_later();
    load_later();
    live_until_trouble_ends();
  }
}

void SimCluster::make_peace() {
  network_.set_faults({});
  for (const auto& worker : workers_) network_.partition(worker->peer(), false);
  for (const auto& client : clients_) network_.partition(client->peer(), false);
  workers_.push_back(new_worker(++last_number_));
  replace_those_that_left();
  end_ = clock_.now() + kQuietWithin;
}

void SimCluster::end_work() {
  const bool quiet = live_until([&] { return all_quiet(); });
  if (const std::string missing = ledger_.missing(); !missing.empty())
    throw Violation("the work did not end: " + missing);
  if (!quiet) throw Violation("a client still waits");
  if (!live_until([&] { return broker_->is_up() && broker_->attached_jobs() == 0; }))
    throw Violation("the broker keeps a job that nobody needs");
  if (const std::string wrong = broker_->check(); !wrong.empty())
    throw Violation("tables disagree: " + wrong);
}

// A worker leaves when it has nothing to do and the broker has thanked for all that it did.
void SimCluster::let_workers_leave() {
  leaving_ = true;
  for (const auto& worker : workers_) worker->drain();
  const auto all_left = [&] {
    return std::all_of(workers_.begin(), workers_.end(),
                       [](const auto& worker) { return worker->is_done(); });
  };
  if (!live_until(all_left)) throw Violation("a worker that was drained does not leave");
  for (const auto& worker : workers_) {
    if (worker->took_results_along()) throw Violation("a worker left, and took results along");
  }
}

RunReport SimCluster::run() {
  try {
    make_trouble();
    make_peace();
    end_work();
    let_workers_leave();
  } catch (const Violation& violation) {
    report_.violation = violation.what();
  }
  for (std::unique_ptr<SimWorker>& worker : workers_) end_process(worker);
  report_.faults += network_.faults_injected();
  report_.trace = broker_->trace();
  report_.starts = broker_->starts();
  report_.tasks = ledger_.tasks();
  report_.outcomes = ledger_.outcomes();
  report_.workers_killed = ledger_.workers_killed();
  report_.killers_found = ledger_.killers_found();
  report_.kills_max = ledger_.kills_max();
  return report_;
}

}  // namespace zonda::sim
