// A worker's or a client's side of its session: says HELLO until it is welcome, numbers frames, notices gaps
// and silence, sends heartbeats. Pure: bytes and the time go in, frames come out.
//
//   Away ──WHO or timer: HELLO──▶ Asking ──WELCOME──▶ Open
//     ▲                             ▲  │ REFUSE: later again      │
//     └─────────────────────────────┴──┴── gap, WHO, silence ─────┘
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "proto/frame.h"
#include "proto/lane.h"
#include "proto/limits.h"

namespace zonda {

using TimePoint = std::chrono::steady_clock::time_point;

// What a peer's turn asks of its wire.
struct PeerEffects {
  bool restart = false;             // forget what waits to be sent: a new session begins
  bool reconnect = false;           // on a new connection: this one seems dead
  bool reconnect_sink = false;      // the same, of the sink's
  std::vector<std::string> frames;  // to be sent, in order
};

class PeerSession {
 public:
  static constexpr std::chrono::milliseconds kAgainWait{50};

  // `hello` but for its attempt.
  PeerSession(Hello hello, std::uint64_t seed);

  enum class Event : std::uint8_t {
    Nothing,
    Opened,   // a new session; all that matters must be said again
    Refused,  // see refusal(); it tries again if that can help
    Arrived,  // see message() and header()
  };
  Event handle(std::string_view bytes, TimePoint now, PeerEffects& effects);
  // No HELLO gets to the broker: taken as its refusal. If it is not for good, it is tried again.
  static std::string denied(const std::string& text, bool for_good);
  // HELLOs and heartbeats that are due.
  void tick(TimePoint now, PeerEffects& effects);
  TimePoint next_deadline() const;

  // Ends an open session: what this peer knows of it cannot be said to its end.
  void start_over(TimePoint now, PeerEffects& effects) {
    if (open_) begin_again(now, effects);
  }

  void say(const Message& message, TimePoint now, PeerEffects& effects);
  void set_credit(std::uint64_t tasks, std::uint64_t bytes) { credit_tasks_ = tasks, credit_bytes_ = bytes; }
  void set_draining() { hello_.draining = true; }
  // What a heartbeat says of the sink lane; while `unsettled`, heartbeats go out in any case.
  void set_sink(std::uint64_t sent, bool unsettled) { sink_sent_ = sent, sink_unsettled_ = unsettled; }

  // Who has nothing to do is heard less often: many idle peers should cost a broker little.
  void set_idle(bool idle) { idle_ = idle; }

  bool is_open() const { return open_; }
  std::uint64_t number() const { return number_; }
  std::uint64_t last_said() const { return out_.last(); }  // its last frame; header().ack follows
  const Welcome& welcome() const { return welcome_; }      // the last one
  const Refuse& refusal() const { return refusal_; }
  Message& message() { return in_.message(); }
  const Header& header() const { return header_; }  // of the last frame
  TimePoint last_heard() const { return last_heard_; }
  const Hello& hello() const { return hello_; }

 private:
  void say_hello(TimePoint now, PeerEffects& effects);
  void watch_connection(TimePoint now, PeerEffects& effects);
  void begin_again(TimePoint now, PeerEffects& effects);
  std::chrono::milliseconds pause() const { return idle_ ? idle_heartbeat(heartbeat_, lease_) : heartbeat_; }
  Event on_welcome(const Welcome& welcome, TimePoint now);
  Event on_refuse(const Refuse& refuse, TimePoint now);

  Hello hello_;
  std::mt19937_64 random_;
  bool open_ = false;
  std::uint64_t welcomed_ = 0;  // the attempt that opened the last session
  std::uint64_t number_ = 0;
  Welcome welcome_;
  std::chrono::milliseconds heartbeat_ = kHeartbeat;
  std::chrono::milliseconds lease_ = kLease;
  Refuse refusal_;
  LaneSender out_;
  LaneReceiver in_;
  Header header_;
  std::uint64_t credit_tasks_ = 0;
  std::uint64_t credit_bytes_ = 0;
  std::uint64_t sink_sent_ = 0;
  bool sink_unsettled_ = false;
  bool idle_ = false;
  TimePoint last_heard_{};
  TimePoint connected_at_{};  // since when this connection is tried
  TimePoint last_sent_{};
  TimePoint last_heartbeat_{};
  TimePoint next_hello_{};
  std::chrono::milliseconds hello_wait_ = kHelloRetry;
  TimePoint opened_at_{};
  TimePoint again_not_before_{};  // sessions that die young are not begun again at once
  std::chrono::milliseconds again_wait_ = kAgainWait;
};

}  // namespace zonda
