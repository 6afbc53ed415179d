#include "tests/simulation/sim_client.h"

#include <limits>

#include "tests/arriving.h"

namespace zonda::sim {
namespace {

Hello hello_of(std::mt19937_64& random, std::uint32_t number) {
  Hello hello;
  hello.role = Role::Client;
  for (auto& byte : hello.peer.bytes) byte = static_cast<std::uint8_t>(random());
  hello.incarnation = random();
  hello.name = "c" + std::to_string(number);
  hello.host = "host";
  return hello;
}

}  // namespace

SimClient::SimClient(SimClock& clock, Network& network, std::mt19937_64& random, Ledger& ledger,
                     std::uint32_t number)
    : clock_(clock),
      network_(network),
      random_(random),
      ledger_(ledger),
      core_(hello_of(random, number), random(), *this) {
  frames_max_ = random_() % 2 == 0 ? std::numeric_limits<std::size_t>::max() : 1 + random_() % 4;
  peer_ = network_.add_peer(Port::Front, [this](std::string_view frame) { turn(frame); });
  wake_at(clock_.now());
}

SimClient::~SimClient() {
  *alive_ = false;
  for (const auto& [id, job] : open_) {
    ledger_.abandoned(id);
    ledger_.cancelled(id);
  }
  network_.remove_peer(peer_);
}

JobSpec SimClient::some_spec() {
  JobSpec spec;
  spec.function = "work";
  spec.signature = "()";
  spec.retries = static_cast<std::uint32_t>(random_() % 3);
  if (random_() % 4 == 0) spec.priority = static_cast<std::int32_t>(random_() % 3);
  if (random_() % 8 == 0) spec.timeout_ms = 50;
  if (random_() % 10 == 0) spec.deadline_ms = 200 + random_() % 2'000;
  if (random_() % 10 == 0) spec.delay_ms = 100 + random_() % 1'000;
  if (random_() % 10 == 0) spec.fails_max = 1;
  if (random_() % 8 == 0) spec.resources = {{"gpu", 0.5}};
  if (random_() % 4 == 0) {
    spec.key = "k" + std::to_string(random_() % 3);
    spec.key_digest = random_() % 4 == 0 ? 1 : 0;
  }
  return spec;
}

TaskPlan SimClient::some_plan(const JobSpec& spec) {
  TaskPlan plan;
  plan.secret = random_();
  plan.us = static_cast<std::uint32_t>(random_() % 50 == 0 ? random_() % 3'000'000 : random_() % 20'000);
  if (random_() % 500 == 0) plan.nature = Nature::KillsWorker;
  switch (random_() % 40) {
    case 0: plan.nature = Nature::FailAlways; break;
    case 1: plan.nature = Nature::FailFirst; break;
    case 2: plan.nature = Nature::CrashFirst; break;
    case 3:
      if (spec.timeout_ms > 0) plan.nature = Nature::Endless;
      break;
    default: break;
  }
  return plan;
}

void SimClient::submit_something() {
  JobId id;
  for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random_());
  const JobSpec spec = some_spec();
  std::vector<TaskPlan> plans(1 + random_() % (random_() % 8 == 0 ? 250 : 20));
  for (TaskPlan& plan : plans) plan = some_plan(spec);
  submit(id, spec, plans);
}

void SimClient::submit(const JobId& id, const JobSpec& spec, const std::vector<TaskPlan>& plans) {
  ledger_.submitted(id, plans, spec);
  open_[id].count = plans.size();
  open_[id].keyed = !spec.key.empty();
  core_.open(id, spec);
  for (std::size_t from = 0; from < plans.size();) {
    const std::size_t end = std::min(plans.size(), from + 1 + random_() % 100);
    std::string lengths, payloads;
    for (; from < end; ++from) {
      const std::string bytes = plans[from].encode();
      const auto length = static_cast<std::uint32_t>(bytes.size());
      lengths.append(reinterpret_cast<const char*>(&length), 4);
      payloads += bytes;
    }
    Slab slab(lengths, payloads);
    const std::string_view view = slab.view();
    core_.append(id, slab, Column{view.substr(0, lengths.size()), view.substr(lengths.size())});
  }
  core_.close(id);
  turn({});
}

void SimClient::cancel_something() {
  if (open_.empty()) return;
  const auto at = std::next(open_.begin(), static_cast<std::ptrdiff_t>(random_() % open_.size()));
  at->second.cancelled = true;
  ledger_.cancelled(at->first);
  if (random_() % 2 == 0)
    core_.cancel(at->first, 0, 0);
  else
    core_.cancel(at->first, random_() % at->second.count, 1 + random_() % 10);
  turn({});
}

void SimClient::ask_something() {
  static const char* const kQuestions[] = {"status", "worker.list", "job.list", "functions", "nonsense"};
  questions_.insert(++last_question_);
  core_.ask(last_question_, kQuestions[random_() % 5], {});
  turn({});
}

void SimClient::on_reply(const Reply& reply) {
  if (!questions_.contains(reply.id)) throw Violation("an answer to no question");
  if (reply.last) questions_.erase(reply.id);
}

JobId SimClient::some_job() const { return open_.empty() ? JobId{} : open_.rbegin()->first; }

void SimClient::watch(const JobId& job) {
  if (job == JobId{} || open_.contains(job) || watched_.contains(job) || core_.knows(job)) return;
  watched_[job];
  core_.attach(job, 0);
  turn({});
}

// The job of its key is another, which it reads from the beginning if it does not do so already. It may be
// told so again: of a job that it was sent to, opened itself, and that a store which was set back forgot.
void SimClient::on_same_job(const JobId& job, const JobId& existing) {
  ledger_.abandoned(job);
  open_.erase(job);
  watched_.erase(job);
  if (!open_.contains(existing)) watched_.try_emplace(existing);
}

void SimClient::goodbye() {
  PeerEffects effects;
  core_.goodbye(clock_.now(), effects);
  for (std::string& frame : effects.frames) network_.peer_sends(peer_, std::move(frame));
}

// A cancelled job ends with as many tasks as were accepted by then.
void SimClient::on_accepted(const JobId& job, std::uint64_t count, bool closed) {
  ledger_.accepted(job, count);
  if (const auto watched = watched_.find(job); watched != watched_.end() && closed) {
    watched->second.count = count;
    acks_.emplace_back(job, watched->second.received);
  }
  const auto at = open_.find(job);
  if (at == open_.end() || !closed) return;
  at->second.count = count;
  acks_.emplace_back(job, at->second.received);
}

void SimClient::on_job_refused(const JobId& job, JobRefusedCode code, const std::string& text) {
  if (watched_.erase(job) > 0) return;  // it was released meanwhile
  const auto at = open_.find(job);
  if (at == open_.end()) return;
  if (at->second.keyed && code == JobRefusedCode::Conflict) {
    ledger_.abandoned(job);
    open_.erase(at);
    return;
  }
  if (ledger_.is_set_back() && code == JobRefusedCode::NotFound) {
    ledger_.abandoned(job);
    open_.erase(at);
    return;
  }
  throw Violation("a job was refused: " + text + " (" + std::to_string(static_cast<int>(code)) + ")");
}

void SimClient::on_outcomes(const JobId& id, std::uint64_t position, const std::vector<OutcomeRange>& ranges,
                            ArrivedFrame&) {
  if (const auto watched = watched_.find(id); watched != watched_.end()) {
    if (position != watched->second.received) throw Violation("a reader's log has a gap");
    for (const OutcomeRange& range : ranges) {
      ledger_.seen(id, range);
      watched->second.received += range.outcomes.count();
    }
    acks_.emplace_back(id, watched->second.received);
    return;
  }
  const auto at = open_.find(id);
  if (at == open_.end()) throw Violation("outcomes of a job that is over");
  for (const OutcomeRange& range : ranges) {
    ledger_.delivered(id, position, range);
    position += range.outcomes.count();
    at->second.received += range.outcomes.count();
  }
  const bool all = position == at->second.count;
  const std::uint64_t kept = all || random_() % 4 > 0 ? 0 : random_() % 3;
  acks_.emplace_back(id, position - std::min(position, kept));
  if (kept > 0) acknowledge_later(id, position);
}

// Who has nothing else to do acknowledges all it has: see OUTCOME_ACK in PROTOCOL.md.
void SimClient::acknowledge_later(const JobId& id, std::uint64_t position) {
  const auto moment = microseconds(static_cast<std::int64_t>(random_() % 10'000));
  clock_.after(moment, [this, alive = alive_, id, position] {
    if (!*alive || !open_.contains(id)) return;
    acks_.emplace_back(id, position);
    turn({});
  });
}

void SimClient::turn(std::string_view frame) {
  PeerEffects effects;
  if (std::string bytes(frame); !bytes.empty()) core_.handle(arriving(bytes), clock_.now(), effects);
  for (const auto& [id, position] : std::exchange(acks_, {})) {
    core_.acknowledge(id, position);
    if (const auto at = watched_.find(id); at != watched_.end() && at->second.received == at->second.count) {
      core_.drop(id);
      watched_.erase(at);
    }
    if (const auto at = open_.find(id); at != open_.end() && at->second.received == at->second.count) {
      core_.drop(id);
      open_.erase(at);
    }
  }
  core_.settle(clock_.now(), effects, frames_max_);
  if (effects.reconnect) network_.reset(peer_);
  for (std::string& outgoing : effects.frames) network_.peer_sends(peer_, std::move(outgoing));
  wake_at(core_.has_more() ? clock_.now() + microseconds(1)
                           : std::max(core_.next_deadline(), clock_.now() + microseconds(1)));
}

void SimClient::wake_at(TimePoint when) {
  if (when >= next_wake_ && next_wake_ > clock_.now()) return;
  next_wake_ = when;
  clock_.at(when, [this, alive = alive_, when] {
    if (!*alive || next_wake_ != when) return;
    next_wake_ = TimePoint::max();
    turn({});
  });
}

}  // namespace zonda::sim
