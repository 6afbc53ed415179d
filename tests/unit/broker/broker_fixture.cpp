#include "tests/unit/broker/broker_fixture.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <msgpack.hpp>

#include "proto/report.h"

namespace zonda {

using namespace std::chrono_literals;

BrokerFixture::BrokerFixture(BrokerConfig config) : config_(std::move(config)) {
  if (config_.store == JobId{}) config_.store.bytes.fill(1);
  core_ = std::make_unique<BrokerCore>(config_);
}

// ---------------------------------------------------------------------------------------------- time

Now BrokerFixture::now() const {
  return {time_, UtcTime(std::chrono::duration_cast<UtcTime::duration>(time_.time_since_epoch()))};
}

void BrokerFixture::turn(const std::function<void()>& what) {
  if (in_turn_) return what();
  in_turn_ = true;
  what();
  core_->settle(now(), effects_);
  in_turn_ = false;
  deliver();
  REQUIRE(core_->check() == "");
  const std::vector<Payload> read = slow_disk_ ? std::vector<Payload>() : store_.take_read();
  if (read.empty()) return;
  turn([&] {
    for (const Payload& payload : read) core_->loaded(payload, now(), effects_);
  });
}

void BrokerFixture::together(const std::function<void()>& calls) { turn(calls); }

void BrokerFixture::deliver() {
  Effects said = std::exchange(effects_, {});
  for (const Record& record : said.records) records_.push_back(brief_(record));
  store_.commit(std::move(said.records));
  for (const PayloadName& name : said.reads) store_.read(name);
  if (!said.backup.empty()) backup_ = said.backup;
  enrolments_.insert(enrolments_.end(), said.enrolments.begin(), said.enrolments.end());
  events_.insert(events_.end(), said.events.begin(), said.events.end());
  for (const Effects::Outgoing& outgoing : said.frames) {
    const auto peer = std::find_if(peers_.begin(), peers_.end(), [&](const PeerState& each) {
      return each.connection == outgoing.to && each.connection.number != 0;
    });
    if (peer == peers_.end()) continue;
    auto heard = std::make_unique<Heard>();
    heard->bytes = outgoing.frame;
    heard->left = ++last_left_;
    std::variant<Frame, BadFrame> decoded = decode(heard->bytes);
    REQUIRE(std::holds_alternative<Frame>(decoded));
    heard->frame = std::move(std::get<Frame>(decoded));
    peer->last_header = heard->frame.header;
    if (peer->reads) peer->read = heard->frame.header.seq;
    if (std::holds_alternative<Heartbeat>(heard->frame.message)) {
      ++peer->heartbeats;
      continue;
    }
    if (std::holds_alternative<Welcome>(heard->frame.message)) {
      peer->session = heard->frame.header.session;
      peer->out = {};
      peer->sink = {};
    }
    peer->inbox.push_back(std::move(heard));
  }
}

TimePoint BrokerFixture::next_beat() const {
  TimePoint next = TimePoint::max();
  for (const PeerState& peer : peers_) {
    if (peer.alive) next = std::min(next, peer.last_said + config_.heartbeat);
  }
  return next;
}

void BrokerFixture::beat() {
  for (std::size_t number = 0; number < peers_.size(); ++number) {
    if (peers_[number].alive && time_ - peers_[number].last_said >= config_.heartbeat)
      says({number}, Heartbeat{});
  }
}

void BrokerFixture::advance(std::chrono::nanoseconds time) {
  const TimePoint end = time_ + time;
  for (;;) {
    const TimePoint next = std::min(core_->next_deadline(), next_beat());
    if (next > end) break;
    time_ = std::max(time_, next);
    beat();
    turn([] {});
  }
  time_ = end;
}

void BrokerFixture::stall(std::chrono::nanoseconds time) { time_ += time; }

// ---------------------------------------------------------------------------------------------- peers

Hello BrokerFixture::worker_hello(const Offer& offer, std::size_t number) {
  Hello hello;
  hello.role = Role::Worker;
  hello.protocol_min = kProtocolMin;
  hello.protocol_max = kProtocolMax;
  hello.peer.bytes[15] = static_cast<std::uint8_t>(number + 1);
  hello.incarnation = 1;
  hello.name = offer.name.empty() ? "w" + std::to_string(number) : offer.name;
  hello.host = "host";
  hello.pid = static_cast<std::uint32_t>(100 + number);
  hello.slots = offer.slots;
  hello.functions = offer.functions;
  hello.queues = offer.queues;
  hello.resources = offer.resources;
  hello.labels = offer.labels;
  return hello;
}

Hello BrokerFixture::client_hello(const std::string& name, std::size_t number) {
  Hello hello;
  hello.role = Role::Client;
  hello.protocol_min = kProtocolMin;
  hello.protocol_max = kProtocolMax;
  hello.peer.bytes[15] = static_cast<std::uint8_t>(number + 1);
  hello.incarnation = 1;
  hello.name = name;
  return hello;
}

Peer BrokerFixture::connect(Hello hello, const std::optional<PublicKey>& key) {
  const Peer peer{peers_.size()};
  PeerState& state = peers_.emplace_back();
  if (key) state.key = to_string(*key);
  state.hello = std::move(hello);
  state.connection = {state.hello.role == Role::Worker ? Port::Back : Port::Front, ++last_connection_};
  says_hello(peer);
  return peer;
}

void BrokerFixture::says_hello(Peer peer) {
  PeerState& state = peers_.at(peer.number);
  ++state.hello.attempt;
  state.last_said = time_;
  turn([&] { hear(state, state.connection, encode(Header{}, state.hello)); });
}

Peer BrokerFixture::join_client(const std::string& name) {
  const Peer peer = connect(client_hello(name, peers_.size()));
  REQUIRE(took_message_to(peer) == "welcome");
  return peer;
}

Peer BrokerFixture::join_worker(const Offer& offer) {
  const Peer peer = connect(worker_hello(offer, peers_.size()));
  REQUIRE(took_message_to(peer) == "welcome");
  peers_.at(peer.number).credit_tasks = offer.credit_tasks;
  peers_.at(peer.number).credit_bytes = offer.credit_bytes;
  says(peer, Holdings{{}, true});
  return peer;
}

void BrokerFixture::reconnects(Peer peer, const std::vector<Held>& holdings) {
  PeerState& state = peers_.at(peer.number);
  state.connection.number = ++last_connection_;
  state.inbox.clear();
  says_hello(peer);
  REQUIRE(took_message_to(peer) == "welcome");
  if (state.hello.role == Role::Worker) says(peer, Holdings{holdings, true});
}

void BrokerFixture::loses_connection(Peer peer) {
  turn([&] { core_->connection_gone(peers_.at(peer.number).connection, now(), effects_); });
  peers_.at(peer.number).connection.number = 0;
}

// ---------------------------------------------------------------------------------------------- frames

std::vector<std::string> BrokerFixture::frames_of(PeerState& peer, const Message& message) {
  Header header;
  header.session = peer.session;
  header.ack = peer.read;
  header.credit_tasks = peer.credit_tasks;
  header.credit_bytes = peer.credit_bytes;
  return peer.out.pack(header, message);
}

void BrokerFixture::says(Peer peer, const Message& message) {
  PeerState& state = peers_.at(peer.number);
  state.last_said = time_;
  turn([&] {
    for (const std::string& frame : frames_of(state, message)) hear(state, state.connection, frame);
  });
}

void BrokerFixture::says_to_sink(Peer peer, const Message& message) {
  PeerState& state = peers_.at(peer.number);
  Header header;
  header.session = state.session;
  turn([&] {
    for (const std::string& frame : state.sink.pack(header, message)) hear(state, {Port::Sink, 0}, frame);
  });
}

void BrokerFixture::loses_sink_frame(Peer peer, const Message& message) {
  peers_.at(peer.number).sink.pack(Header{}, message);
}

void BrokerFixture::sends_bytes(Peer peer, std::string_view bytes) {
  turn([&] { hear(peers_.at(peer.number), peers_.at(peer.number).connection, bytes); });
}

void BrokerFixture::raises_credit(Peer worker, std::uint64_t tasks, std::uint64_t bytes) {
  PeerState& state = peers_.at(worker.number);
  state.credit_tasks += tasks;
  state.credit_bytes += bytes;
  says(worker, Credit{});
}

// ---------------------------------------------------------------------------------------------- clients

JobId BrokerFixture::new_job_id() {
  JobId id;
  id.bytes[0] = 0xab;
  id.bytes[15] = static_cast<std::uint8_t>(++last_job_);
  brief_.name(id);
  return id;
}

Peer BrokerFixture::client() {
  if (!client_) client_ = join_client("me");
  return *client_;
}

JobId BrokerFixture::submit(const JobSpec& spec, std::uint64_t tasks) {
  return submit(client(), spec, tasks);
}

// All in one turn, and the answer is not the test's business.
JobId BrokerFixture::submit(Peer client, const JobSpec& spec, std::uint64_t tasks) {
  const JobId job = new_job_id();
  turn([&] {
    opens(client, job, spec);
    appends(client, job, 0, tasks);
    closes(client, job, tasks);
  });
  const auto is_answer = [](const std::unique_ptr<Heard>& heard) {
    return std::holds_alternative<Accepted>(heard->frame.message);
  };
  if (!in_turn_) REQUIRE(std::erase_if(peers_.at(client.number).inbox, is_answer) == 1);
  return job;
}

void BrokerFixture::opens(Peer client, const JobId& job, const JobSpec& spec, std::uint64_t position,
                          std::uint64_t accepted, std::uint64_t received, std::uint64_t epoch) {
  says(client, OpenJob{job, spec, position, accepted, received, epoch});
}

void BrokerFixture::appends(Peer client, const JobId& job, std::uint64_t first, std::uint64_t tasks,
                            const std::string& argument) {
  const Values values(tasks, argument);
  says(client, Append{job, first, 0, values.column()});
}

void BrokerFixture::closes(Peer client, const JobId& job, std::uint64_t count) {
  says(client, CloseJob{job, count});
}

void BrokerFixture::acknowledges(Peer client, const JobId& job, std::uint64_t position) {
  says(client, OutcomeAck{job, position});
}

// ---------------------------------------------------------------------------------------------- workers

Held BrokerFixture::held(const JobId& job, IndexRange range, std::uint64_t lease, bool started) {
  return {job, range.lo, range.size(), 1, lease, started};
}

void BrokerFixture::finishes(Peer worker, const JobId& job, IndexRange range, std::uint64_t lease,
                             std::chrono::microseconds each) {
  const Values values(range.size(), "result");
  const auto busy = static_cast<std::uint64_t>(each.count()) * range.size();
  says_to_sink(worker, WorkerResults{{{job, range.lo, epoch_, lease, busy, {}, values.column()}}});
}

void BrokerFixture::fails(Peer worker, const JobId& job, std::uint64_t index, std::uint64_t lease,
                          TaskReport::Kind kind, const std::string& message) {
  TaskReport report;
  report.kind = kind;
  report.message = message;
  const Values values(1, encode_report(report));
  const std::string kinds(1, static_cast<char>(kind));
  says_to_sink(worker, WorkerResults{{{job, index, epoch_, lease, 100'000, kinds, values.column()}}});
}

void BrokerFixture::started(Peer worker, const JobId& job, IndexRange range, std::uint64_t lease) {
  says(worker, Started{{held(job, range, lease, true)}});
}

void BrokerFixture::returns(Peer worker, const JobId& job, IndexRange range, std::uint64_t lease) {
  says(worker, Returned{{held(job, range, lease)}});
}

std::uint64_t BrokerFixture::leases_of(Peer worker) {
  for (const auto& [number, each] : core_->roster().all()) {
    if (each->hello.peer == hello_of(worker).peer) return each->leases.size();
  }
  return 0;
}

// ---------------------------------------------------------------------------------------------- hearing

std::string BrokerFixture::took_message_to(Peer peer) {
  PeerState& state = peers_.at(peer.number);
  if (state.inbox.empty()) return "nothing";
  const std::unique_ptr<Heard> heard = std::move(state.inbox.front());
  state.inbox.pop_front();
  return brief_(heard->frame.message);
}

std::vector<std::string> BrokerFixture::took_messages_to(Peer peer) {
  std::vector<std::string> all;
  while (!peers_.at(peer.number).inbox.empty()) all.push_back(took_message_to(peer));
  return all;
}

Refuse BrokerFixture::took_refusal(Peer peer) {
  PeerState& state = peers_.at(peer.number);
  REQUIRE(!state.inbox.empty());
  const std::unique_ptr<Heard> heard = std::move(state.inbox.front());
  state.inbox.pop_front();
  REQUIRE(std::holds_alternative<Refuse>(heard->frame.message));
  return std::get<Refuse>(heard->frame.message);
}

bool BrokerFixture::is_silent() const {
  return std::all_of(peers_.begin(), peers_.end(), [](const PeerState& peer) { return peer.inbox.empty(); });
}

std::vector<std::string> BrokerFixture::took_records() { return std::exchange(records_, {}); }

std::vector<TaskReport> BrokerFixture::reports_to(Peer client) {
  std::vector<TaskReport> reports;
  for (const auto& heard : peers_.at(client.number).inbox) {
    const auto* outcomes = std::get_if<Outcomes>(&heard->frame.message);
    if (outcomes == nullptr) continue;
    for (const OutcomeRange& range : outcomes->ranges) {
      if (range.kinds.empty()) continue;
      for_each_value(range.outcomes, [&](std::uint32_t at, std::string_view bytes) {
        TaskReport report = decode_report(bytes).value_or(TaskReport{});
        report.kind = static_cast<TaskReport::Kind>(range.kinds[at]);
        reports.push_back(report);
      });
    }
  }
  return reports;
}

bool BrokerFixture::heard_event(const std::string& beginning) const {
  return std::any_of(events_.begin(), events_.end(),
                     [&](const std::string& event) { return event.starts_with(beginning); });
}

BrokerFixture::Answer BrokerFixture::asks(Peer client, const std::string& what,
                                          const std::map<std::string, std::string>& arguments) {
  msgpack::sbuffer packed;
  msgpack::packer<msgpack::sbuffer> packer(packed);
  packer.pack_map(static_cast<std::uint32_t>(arguments.size()));
  for (const auto& [key, value] : arguments) {
    packer.pack(key);
    if (key == "index" || key == "limit")
      packer.pack_uint64(std::stoull(value));
    else
      packer.pack(value);
  }
  says(client, Query{++last_question_, what, std::string_view(packed.data(), packed.size())});
  return took_answer_to(client);
}

BrokerFixture::Answer BrokerFixture::took_answer_to(Peer client) {
  Answer answer;
  std::erase_if(peers_.at(client.number).inbox, [&](const std::unique_ptr<Heard>& heard) {
    const auto* reply = std::get_if<Reply>(&heard->frame.message);
    if (reply == nullptr) return false;
    answer.code = reply->code;
    answer.text = reply->text;
    answer.pages.emplace_back(reply->body);
    return true;
  });
  return answer;
}

}  // namespace zonda
