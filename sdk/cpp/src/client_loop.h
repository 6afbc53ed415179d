// The client's I/O thread: one wire, one core, and what user threads want of them.
//
// One turn: hear, take orders, decide, speak. It connects when there is a first order.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "proto/wire/address.h"
#include "proto/wire/zmq_context.h"
#include "proto/wire/zmq_peer_wire.h"
#include "sdk/cpp/src/intake.h"
#include "sdk/cpp/src/job_table.h"

namespace zonda {

struct LoopOptions {
  BaseAddress address;
  std::string name;
  std::chrono::milliseconds connect_timeout{5'000};
  std::optional<CurveKeys> keys;
};

class ClientLoop {
 public:
  ClientLoop(LoopOptions options, std::shared_ptr<Intake> intake);

  // Until the intake is closed, and then until detached work is accepted, or a second has passed.
  void run();

  std::optional<Welcome> welcome() const;  // of the last session; from any thread
  // For how long an answer of the broker is overdue; from any thread.
  std::chrono::milliseconds silence() const;
  const LoopOptions& options() const { return options_; }

 private:
  using OnKnown = std::function<void(const std::optional<TaskReport>& failure)>;

  bool wait_for_first_order();
  void say_goodbye();
  void connect();
  void turn();
  void carry_out_orders();
  void speak(TimePoint now);
  void watch_connect(TimePoint now);
  TimePoint next_deadline() const;
  void on_connected(const Welcome& welcome);
  void on_refused(const Refuse& refuse);
  void give_up(const TaskReport& failure);
  bool may_end(TimePoint now);
  void finish(const TaskReport& failure);
  bool has_demand() const { return !table_.is_idle() || !connecting_.empty(); }

  LoopOptions options_;
  std::shared_ptr<Intake> intake_;
  JobTable table_;
  std::shared_ptr<ZmqContext> context_;
  std::optional<ZmqPeerWire> wire_;
  std::optional<ClientCore> core_;
  PeerEffects effects_;
  std::vector<Order> orders_;
  std::vector<OnKnown> connecting_;  // who waits for the connection
  std::string last_refusal_;
  bool was_connected_ = false;
  bool again_ = false;                     // something is to be done at once
  std::optional<TaskReport> refused_;      // for good, in this turn
  std::optional<TimePoint> silent_since_;  // there is work, and nobody answered yet
  std::optional<TimePoint> ending_since_;
  bool orders_left_ = true;
  bool asked_whether_obeyed_ = false;
  TimePoint idle_check_{};
  std::atomic<TimePoint::rep> last_heard_{0};  // of the broker's frames
  mutable std::mutex welcome_mutex_;
  std::optional<Welcome> welcome_;
};

}  // namespace zonda
