// A worker core with a fake executor and a broker that says what the test tells it to, in virtual time.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/broker/brief.h"
#include "tests/unit/worker/fake_executor.h"
#include "worker/core/worker_core.h"

namespace zonda {

class WorkerFixture {
 public:
  static constexpr WorkerConfig kAtOnce{.hand_over = std::chrono::milliseconds(1),
                                        .gather = std::chrono::milliseconds(0)};

  explicit WorkerFixture(int slots = 1, WorkerConfig config = kAtOnce, Spool* spool = nullptr);

  void welcome();  // the broker answers the worker's HELLO; what it told at once is taken
  void broker_says(const Message& message);
  // Tasks [lo, hi) of the one job under this lease, each with an argument of so many bytes.
  void gives(std::uint64_t lo, std::uint64_t hi, std::uint64_t lease = 1, std::uint64_t timeout_ms = 0,
             std::size_t bytes = 1);
  Held held(std::uint64_t lo, std::uint64_t hi, std::uint64_t lease = 1) const {
    return {job, lo, hi - lo, 1, lease, false};
  }
  void advance(std::chrono::microseconds time);  // and a turn
  void settle();
  void drain();
  void give_up();
  void leave();

  TimePoint now() const { return time_; }

  // What the worker said to the broker, without heartbeats and credits: "returned job=1 [0,1) lease=1".
  std::vector<std::string> took_messages();
  // Frames to its sink, "results 1: [0,2)" with their numbers, until it has no more or `count` are taken.
  std::vector<std::string> took_results(std::size_t count = ~std::size_t{0});
  Header last_header() const { return header_; }

  std::uint64_t payload_max = 0;  // of the broker, from the next session on
  JobId job;
  FakeExecutor executor;
  std::unique_ptr<WorkerCore> core;

 private:
  void hear(PeerEffects& effects);

  TimePoint time_{std::chrono::hours(1)};
  std::uint64_t session_ = 0;
  std::uint64_t attempt_ = 0;
  LaneSender out_;
  Header header_;
  std::vector<std::string> said_;
  Brief brief_;
};

}  // namespace zonda
