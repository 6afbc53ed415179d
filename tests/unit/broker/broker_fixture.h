// A broker core among peers that say exactly what a test tells them to, in virtual time. Every call that
// speaks to the broker is one turn of it, after which its tables are checked against each other.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/core/broker_core.h"
#include "broker/store/memory_store.h"
#include "proto/frame.h"
#include "tests/unit/broker/brief.h"

namespace zonda {

// A client or a worker of the fixture, by the order in which it came.
struct Peer {
  std::size_t number = 0;
  friend auto operator<=>(const Peer&, const Peer&) = default;
};

// A client's job of function "f()", closed, unless a test says otherwise.
JobSpec job_of(const std::string& function = "f");

struct Offer {
  std::string name = {};  // empty: "w1", "w2", … by its number
  std::uint32_t slots = 1;
  std::vector<FunctionName> functions = {{"f", "()"}};
  std::vector<std::string> queues = {};
  std::map<std::string, double> resources = {};
  std::map<std::string, std::string> labels = {};
  std::uint64_t credit_tasks = 10'000;
  std::uint64_t credit_bytes = 64 << 20;
};

class BrokerFixture {
 public:
  explicit BrokerFixture(BrokerConfig config = {});

  // Time. advance() turns the broker whenever it wants to be turned; stall() does not turn it at all.
  void advance(std::chrono::nanoseconds time);
  void stall(std::chrono::nanoseconds time);
  void stays_alive(Peer peer) { peers_.at(peer.number).alive = true; }     // says heartbeats by itself
  void reads_no_more(Peer peer) { peers_.at(peer.number).reads = false; }  // what it says is older
  void falls_silent(Peer peer) { peers_.at(peer.number).alive = false; }

  // The broker. It starts again on all that its turns so far recorded; nobody is connected to it then.
  void crashes(std::chrono::nanoseconds downtime = std::chrono::milliseconds(100));
  void stops(std::chrono::nanoseconds downtime = std::chrono::milliseconds(100));  // in order
  void reads_at_start(std::uint64_t bytes) { replay_bytes_ = bytes; }              // of payloads, at most
  void reads_slowly(bool on) { slow_disk_ = on; }  // what is read comes when this is off again

  // Peers. What a HELLO needs beyond the usual is changed in `hello`.
  Peer join_client(const std::string& name = "");
  Peer join_worker(const Offer& offer = {});
  // Who may come, a line each; and the key that a peer shows from now on.
  void authorises(const std::string& list);
  void shows_key(Peer peer, const PublicKey& key) { peers_.at(peer.number).key = to_string(key); }
  std::vector<PendingEnrolment> took_enrolments() { return std::exchange(enrolments_, {}); }
  void enrolled(const PendingEnrolment& pending, const std::string& why_not) {
    turn([&] { core_->enrolled(pending, why_not, effects_); });
  }
  Peer connect(Hello hello,
               const std::optional<PublicKey>& key =
                   {});  // says HELLO and no more; says_hello() repeats it on the same connection
  void says_hello(Peer peer);
  void reconnects(Peer peer, const std::vector<Held>& holdings = {});
  void loses_connection(Peer peer);
  Hello& hello_of(Peer peer) { return peers_.at(peer.number).hello; }
  static Hello worker_hello(const Offer& offer, std::size_t number);
  static Hello client_hello(const std::string& name, std::size_t number);

  // Frames.
  void says(Peer peer, const Message& message);
  void says_to_sink(Peer peer, const Message& message);
  void loses_sink_frame(Peer peer, const Message& message);  // it is numbered, and does not arrive
  void sends_bytes(Peer peer, std::string_view bytes);
  void raises_credit(Peer worker, std::uint64_t tasks, std::uint64_t bytes);
  void together(const std::function<void()>& calls);  // all in one turn

  // Clients. `submit` without a client is by one that is joined for it.
  JobId new_job_id();
  JobId submit(const std::string& function, std::uint64_t tasks) { return submit(job_of(function), tasks); }
  JobId submit(const JobSpec& spec, std::uint64_t tasks);
  JobId submit(Peer client, const JobSpec& spec, std::uint64_t tasks);
  void opens(Peer client, const JobId& job, const JobSpec& spec, std::uint64_t position = 0,
             std::uint64_t accepted = 0, std::uint64_t received = 0, std::uint64_t epoch = 0);
  void appends(Peer client, const JobId& job, std::uint64_t first, std::uint64_t tasks,
               const std::string& argument = "a");
  void closes(Peer client, const JobId& job, std::uint64_t count);
  void acknowledges(Peer client, const JobId& job, std::uint64_t position);
  Peer client();  // the one that submits by default

  // Workers.
  void finishes(Peer worker, const JobId& job, IndexRange range, std::uint64_t lease,
                std::chrono::microseconds each = std::chrono::milliseconds(100));
  void fails(Peer worker, const JobId& job, std::uint64_t index, std::uint64_t lease,
             TaskReport::Kind kind = TaskReport::failed, const std::string& message = "no");
  void started(Peer worker, const JobId& job, IndexRange range, std::uint64_t lease);
  void returns(Peer worker, const JobId& job, IndexRange range, std::uint64_t lease);
  static Held held(const JobId& job, IndexRange range, std::uint64_t lease, bool started = false);
  // What workers say from now on is about hand-outs of this start of the broker; 1 is the first.
  void speaks_of_epoch(std::uint64_t epoch) { epoch_ = epoch; }

  // What the broker said. Heartbeats are only counted. "nothing" if there is nothing.
  std::string took_message_to(Peer peer);
  std::vector<std::string> took_messages_to(Peer peer);
  Refuse took_refusal(Peer peer);
  // Whether what `one` was told first left before what `other` was told first.
  bool heard_first(Peer one, Peer other) const {
    return peers_.at(one.number).inbox.front()->left < peers_.at(other.number).inbox.front()->left;
  }
  void ignores_messages() {
    for (PeerState& peer : peers_) peer.inbox.clear();
  }
  Header last_header(Peer peer) const { return peers_.at(peer.number).last_header; }
  std::uint64_t heartbeats_to(Peer peer) const { return peers_.at(peer.number).heartbeats; }
  bool is_silent() const;  // nobody was told anything that was not looked at
  std::vector<std::string> took_records();
  std::vector<TaskReport> reports_to(Peer client);  // of the outcomes that are waiting to be looked at
  bool heard_event(const std::string& beginning) const;
  // The whole answer to a question: its code, text and body pages.
  struct Answer {
    ReplyCode code = ReplyCode::Ok;
    std::string text;
    std::vector<std::string> pages;
  };
  Answer asks(Peer client, const std::string& what, const std::map<std::string, std::string>& arguments = {});
  Answer took_answer_to(Peer client);                               // no pages: it did not come yet
  std::string took_backup() { return std::exchange(backup_, {}); }  // where to the store was to be copied
  void backed_up(const std::string& error) {
    turn([&] { core_->backed_up(error, effects_); });
  }

  BrokerCore& core() { return *core_; }
  std::uint64_t leases_of(Peer worker);
  std::string name(const JobId& job) { return brief_.name(job); }

 private:
  struct Heard {
    std::string bytes;
    Frame frame;
    std::uint64_t left = 0;  // before those with higher numbers
  };
  struct PeerState {
    Hello hello;
    std::string key;  // that it shows
    Connection connection;
    std::uint64_t session = 0;
    LaneSender out;
    LaneSender sink;
    std::uint64_t credit_tasks = 0;
    std::uint64_t credit_bytes = 0;
    bool alive = false;
    bool reads = true;
    std::uint64_t read = 0;  // the broker's last frame that it has read, as its own frames say
    TimePoint last_said;
    std::deque<std::unique_ptr<Heard>> inbox;
    Header last_header;
    std::uint64_t heartbeats = 0;
  };

  Now now() const;
  void turn(const std::function<void()>& what);
  void deliver();
  void beat();
  TimePoint next_beat() const;
  void hear(const PeerState& peer, Connection from, std::string_view frame);
  std::vector<std::string> frames_of(PeerState& peer, const Message& message);

  void start(std::chrono::nanoseconds downtime);

  BrokerConfig config_;
  MemoryStore store_{Keep::Records};
  std::unique_ptr<BrokerCore> core_;
  std::uint64_t epoch_ = 1;
  std::uint64_t replay_bytes_ = ~0ULL;
  bool slow_disk_ = false;
  std::string backup_;
  std::vector<PendingEnrolment> enrolments_;
  TimePoint time_{std::chrono::hours(1)};
  std::deque<PeerState> peers_;
  std::uint32_t last_connection_ = 0;
  std::uint64_t last_job_ = 0;
  std::uint64_t last_question_ = 0;
  std::uint64_t last_left_ = 0;
  std::optional<Peer> client_;
  bool in_turn_ = false;
  Effects effects_;
  std::vector<std::string> records_;
  std::vector<std::string> events_;
  Brief brief_;
};

// `count` times the same value.
struct Values {
  explicit Values(std::uint64_t count, const std::string& value);
  Column column() const { return {lengths, payloads}; }
  std::string lengths;
  std::string payloads;
};

}  // namespace zonda
