// Sessions begin: HELLO, WELCOME, REFUSE, and what a worker still holds.
#include <algorithm>
#include <cctype>

#include "broker/core/amounts.h"
#include "broker/core/broker_core.h"
#include "proto/names.h"

namespace zonda {

using namespace std::chrono_literals;

namespace {
constexpr auto kProofLasts = 2s;                 // a newcomer asks for a name more often than that
constexpr std::size_t kHoldingsMax = 1'000'000;  // entries; a worker's window is a fraction of it

// Nothing if it makes sense.
std::string malformation(const Hello& hello) {
  if (!hello.name.empty() && !is_name(hello.name)) return "the name is not [A-Za-z0-9._-]{1,128}";
  if (hello.role != Role::Worker) return {};
  if (hello.name.empty()) return "a worker has a name";
  if (std::any_of(hello.host.begin(), hello.host.end(), [](unsigned char c) { return std::iscntrl(c); }))
    return "the host's name has control characters";
  if (hello.slots < 1 || hello.slots > 65'536) return "a worker has 1 to 65536 slots";
  const bool names_fit = std::all_of(hello.functions.begin(), hello.functions.end(),
                                     [](const FunctionName& function) { return is_name(function.name); }) &&
                         std::all_of(hello.queues.begin(), hello.queues.end(), is_name);
  if (!names_fit) return "a function or queue name is not [A-Za-z0-9._-]{1,128}";
  return are_amounts(hello.resources) ? "" : "a resource is not a finite amount";
}
}  // namespace

void BrokerCore::on_hello(Connection from, const Hello& hello, const Now& now, Effects& effects) {
  if (const std::optional<Refuse> refusal = objection(hello, now)) {
    if (!sessions_.may_turn_away(from, now.steady)) return;
    event(effects, "hello-refused peer=" + to_string(hello.peer) + " reason=\"" + refusal->text + "\"");
    return say_outside_session(from, *refusal, effects);
  }
  // One connection, one process: who said hello on it before and is somebody else is gone.
  if (const Session* before = sessions_.find(from)) {
    const Hello& earlier = before->worker != nullptr ? before->worker->hello : before->client->hello;
    if (earlier.peer != hello.peer || earlier.incarnation != hello.incarnation)
      connection_gone(from, now, effects);
  }
  if (hello.role == Role::Worker && from.port == Port::Back) return welcome_worker(from, hello, now, effects);
  if (hello.role == Role::Client && from.port == Port::Front)
    return welcome_client(from, hello, now, effects);
  refuse(from, hello, RefuseCode::Malformed,
         hello.role == Role::Worker
             ? "this is the front port: workers connect to the back port, one above it"
             : "this is the back port: clients connect to the front port, one below it",
         0, now, effects);
}

void BrokerCore::refuse(Connection to, const Hello& hello, RefuseCode code, const std::string& text,
                        std::uint64_t retry_after_ms, const Now& now, Effects& effects) {
  if (sessions_.may_turn_away(to, now.steady))
    event(effects, "hello-refused peer=" + to_string(hello.peer) + " reason=\"" + text + "\"");
  say_outside_session(to, Refuse{code, text, retry_after_ms, hello.attempt}, effects);
}

std::optional<Refuse> BrokerCore::objection(const Hello& hello, const Now& now) {
  const auto no = [&](RefuseCode code, std::string text) {
    return Refuse{code, std::move(text), 0, hello.attempt};
  };
  if (hello.protocol_min > kProtocolMax || hello.protocol_max < kProtocolMin) {
    return no(RefuseCode::Version, "this broker speaks protocol " + std::to_string(kProtocolMin) + " to " +
                                       std::to_string(kProtocolMax) + ", you speak " +
                                       std::to_string(hello.protocol_min) + " to " +
                                       std::to_string(hello.protocol_max));
  }
  if (std::string why = key_objection(hello, now); !why.empty()) return no(RefuseCode::NotAuthorised, why);
  if (!config_.cookie.empty() && hello.cookie != config_.cookie)
    return no(RefuseCode::NotAuthorised, "the cookie is not the one this broker wrote for its user");
  if (const std::string why = malformation(hello); !why.empty()) return no(RefuseCode::Malformed, why);
  return std::nullopt;
}

void BrokerCore::welcome_worker(Connection from, const Hello& hello, const Now& now, Effects& effects) {
  const KeyHolder who = holder_of(frame_.sender(), now).value();
  WorkerRecord* known = roster_.find(hello.peer);
  if (known != nullptr && known->hello.incarnation == hello.incarnation) {
    if (hello.attempt <= known->hello.attempt) return;  // a repeated HELLO that was answered
  } else {
    // The name may be held by a process that died and was not missed yet: it is probed, and the newcomer
    // tries again; if the holder has answered by then, for nothing.
    WorkerRecord* const holders[] = {known, roster_.find_by_name(hello.name)};
    for (WorkerRecord* current : holders) {
      if (current == nullptr || (current->state == WorkerState::Away && current->key == who.name)) continue;
      const bool lives = std::exchange(current->contested_by, hello.peer) == hello.peer &&
                         now.steady - current->proved_alive < kProofLasts;
      if (Session* session = sessions_.find(current->session);
          session != nullptr && session->probe == ~0ULL) {
        say(*session, Heartbeat{0, true}, effects);
        session->probe = session->out.last();
      }
      return refuse(from, hello, RefuseCode::NameTaken,
                    "the name " + hello.name + " is held by pid " + std::to_string(current->hello.pid) +
                        " on " + current->hello.host,
                    lives ? 0 : 500, now, effects);
    }
    if (holders[1] != nullptr && holders[1] != known) lose_worker(*holders[1], "replaced", now, effects);
    if (known != nullptr) lose_worker(*known, "replaced", now, effects);
    known = nullptr;
  }
  if (known == nullptr && !awaited_.contains(hello.peer))
    effects.records.push_back(record::Joined{hello.peer, hello.name, hello.host});
  WorkerRecord& worker = known != nullptr ? *known : roster_.add(hello, now.utc);
  if (known != nullptr) close_session(worker.session, effects);
  roster_.set_busy(worker);
  worker.hello.attempt = hello.attempt;
  worker.drain_asked = worker.drain_asked || hello.draining;
  worker.state = WorkerState::Joining;
  reload(worker);
  worker.holdings.clear();
  worker.credit_tasks = worker.credit_bytes = worker.used_tasks = worker.used_bytes = 0;
  Session& session = sessions_.open(from, now.steady);
  session.holder = who;
  worker.key = who.name;
  session.worker = &worker;
  worker.session = session.number;
  event(effects, (known != nullptr ? "worker-resumed worker=" : "worker-joined worker=") + hello.name +
                     " host=" + hello.host + " slots=" + std::to_string(hello.slots));
  welcome(session, hello, now, effects);
}

void BrokerCore::welcome_client(Connection from, const Hello& hello, const Now& now, Effects& effects) {
  std::unique_ptr<ClientRecord>& client = clients_[hello.peer];
  if (client && client->hello.incarnation == hello.incarnation && hello.attempt <= client->hello.attempt)
    return;
  if (client && client->hello.incarnation != hello.incarnation) {
    lose_client(*client, "replaced", now, effects);  // erases it
    return welcome_client(from, hello, now, effects);
  }
  if (!client) client = std::make_unique<ClientRecord>();
  close_session(client->session, effects);
  Session& session = sessions_.open(from, now.steady);
  session.holder = holder_of(frame_.sender(), now).value();
  client->hello = {};  // what it says of itself costs nothing
  client->hello.peer = hello.peer;
  client->hello.incarnation = hello.incarnation;
  client->hello.attempt = hello.attempt;
  client->hello.name = hello.name;
  if (session.holder.has_key()) client->hello.name = session.holder.name;
  client->share_name = client->hello.name.empty() ? to_string(hello.peer) : client->hello.name;
  session.client = client.get();
  client->session = session.number;
  if (!client->unclaimed.empty())
    timers_.set(now.steady + config_.client_grace, {Timer::Kind::Unclaimed, session.number, hello.peer, {}});
  welcome(session, hello, now, effects);
}

void BrokerCore::welcome(Session& session, const Hello& hello, const Now& now, Effects& effects) {
  Welcome message;
  message.protocol = std::min(kProtocolMax, hello.protocol_max);
  message.attempt = hello.attempt;
  message.store = config_.store;
  message.epoch = config_.epoch;
  message.back = config_.back;
  message.sink = config_.sink;
  message.heartbeat_ms = static_cast<std::uint64_t>(config_.heartbeat.count());
  message.lease_ms = static_cast<std::uint64_t>(config_.lease.count());
  message.payload_bytes_max = kPayloadBytesMax;
  message.durability = config_.durability;
  Header header;
  header.session = session.number;
  std::tie(header.credit_tasks, header.credit_bytes) = grant(session);
  effects.frames.push_back({session.connection, encode(header, message)});
  watch(session, now.steady);
}

void BrokerCore::close_session(std::uint64_t number, Effects& effects) {
  Session* session = sessions_.find(number);
  if (session == nullptr) return;
  for (const JobId& id : std::set(session->reads)) stop_reading(*find_job(id), *session, effects);
  sessions_.close(number);
}

void BrokerCore::on(const Holdings& holdings, Session& session, const Now& now, Effects& effects) {
  WorkerRecord& worker = *session.worker;
  if (worker.state != WorkerState::Joining) return void(++counters_.frames_bad);
  if (worker.holdings.size() + holdings.tasks.size() > kHoldingsMax) {
    refuse(session.connection, worker.hello, RefuseCode::Malformed, "it holds more than a worker can hold", 0,
           now, effects);
    return lose_worker(worker, "malformed", now, effects);
  }
  worker.holdings.insert(worker.holdings.end(), holdings.tasks.begin(), holdings.tasks.end());
  if (holdings.last) reconcile(worker, now, effects);
}

// The worker said all that it holds. What we think it holds beyond that never arrived and goes back; what it
// holds beyond that is its again, unless it was handed to somebody else or is over.
void BrokerCore::reconcile(WorkerRecord& worker, const Now& now, Effects& effects) {
  std::map<Token, std::vector<IndexRange>> held;
  for (const Held& tasks : worker.holdings)
    held[tasks.token()].push_back({tasks.first, tasks.first + tasks.count});
  for (const Token token : std::set(worker.leases)) {
    const Lease& lease = *leases_.find(token);
    Job& job = *lease.job;
    const IndexRange range = lease.range;
    std::uint64_t missing_from = range.lo;
    std::vector<IndexRange> parts = held[token];
    std::sort(parts.begin(), parts.end());
    for (const IndexRange& part : parts) {
      if (part.lo > missing_from) give_back(job, {missing_from, part.lo}, token);
      missing_from = std::max(missing_from, part.hi);
    }
    if (missing_from < range.hi) give_back(job, {missing_from, range.hi}, token);
  }
  std::vector<Held> overtaken;
  for (const Held& tasks : std::exchange(worker.holdings, {})) adopt(worker, tasks, now, overtaken, effects);
  came_back(worker.hello.peer, effects);
  Session& session = *sessions_.find(worker.session);
  say_stop(session, overtaken, now, effects);
  worker.state = worker.drain_asked ? WorkerState::Draining : WorkerState::Active;
  if (worker.drain_asked) say(session, Drain{}, effects);
  reload(worker);
  hungry(worker);
  watch(session, now.steady);
}

// What of `held` still counts is leased to this worker from now on, under the token it has.
void BrokerCore::adopt(WorkerRecord& worker, const Held& held, const Now& now, std::vector<Held>& overtaken,
                       Effects& effects) {
  Job* job = find_job(held.job);
  Lease* lease = leases_.find(held.token());
  if (lease != nullptr && (lease->worker != &worker || lease->job != job)) job = nullptr;  // it is another's
  std::uint64_t at = held.first;
  const auto overtaken_upto = [&](std::uint64_t end) {
    if (end > at) overtaken.push_back({held.job, at, end - at, held.epoch, held.lease, held.started});
    at = std::max(at, end);
  };
  const IndexRange range{held.first, held.first + held.count};
  if (job != nullptr) {
    const auto is_its_own = [&](const SegmentState& state) {
      return state.counts(held.token(), config_.epoch);
    };
    for (auto& [part, state] : job->segments.parts(range, is_its_own)) {
      overtaken_upto(part.lo);
      at = part.hi;
      if (state.state == TaskState::Leased && state.token == held.token()) {
        if (held.started && !state.started) {
          state.started = true;
          set_state(*job, part, state);
        }
        continue;
      }
      if (lease == nullptr) {
        lease = &leases_.restore(held.token(), *job, worker, range, job->task_us, now.steady);
        worker.leases.insert(held.token());
      }
      take_over(*lease, part, state, held.started, now, effects);
    }
  }
  overtaken_upto(range.hi);
}

// These tasks belong to the lease. If another holds them, its token is the older one, and it is stopped.
void BrokerCore::take_over(Lease& lease, IndexRange part, SegmentState state, bool started, const Now& now,
                           Effects& effects) {
  Job& job = *lease.job;
  WorkerRecord& worker = *lease.worker;
  if (state.state == TaskState::Leased) {
    const WorkerRecord& holder = *leases_.find(state.token)->worker;
    release_lease(part, state);
    if (Session* session = sessions_.find(holder.session))
      say_stop(*session, {{job.id, part.lo, part.size(), state.token.epoch, state.token.lease, false}}, now,
               effects);
  }
  forgive(job, part, state);
  if (state.suspect()) worker.alone = true;  // or it would not have been handed out
  state.state = TaskState::Leased;
  state.token = lease.token;
  state.spent = false;
  state.started = started;
  set_state(job, part, state);
  lease.range = {std::min(lease.range.lo, part.lo), std::max(lease.range.hi, part.hi)};
  lease.open += part.size();
  worker.outstanding += part.size();
  worker.outstanding_us += lease.task_us * static_cast<double>(part.size());
  for (const auto& [name, amount] : job.spec.resources)
    worker.resources_free[name] -= amount * static_cast<double>(part.size());
}

}  // namespace zonda
