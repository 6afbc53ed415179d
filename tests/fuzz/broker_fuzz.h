// The broker core and the peers that a byte stream makes of itself: well-behaved ones, forgetful ones and
// hostile ones.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "broker/core/broker_core.h"
#include "tests/fuzz/input.h"

namespace zonda::fuzz {

// One connection and what its peer knows.
struct FuzzPeer {
  Connection connection;
  std::uint64_t session = 0;
  std::uint64_t incarnation = 1;
  std::uint64_t attempt = 0;
  LaneSender out;
  LaneSender sink;
  LaneReceiver in;
  std::uint64_t epoch = 0;
};

class BrokerFuzz {
 public:
  explicit BrokerFuzz(Input& input);
  void run();

 private:
  void step();
  void hello(FuzzPeer& peer);
  void say(FuzzPeer& peer, const Message& message);
  void say_to_sink(FuzzPeer& peer, const Message& message);
  void deliver(Connection from, std::string frame);
  void turn();
  void hear(const Effects::Outgoing& outgoing);
  FuzzPeer& any_peer() { return peers_[input_.below(static_cast<std::uint8_t>(peers_.size()))]; }

  // Messages of any contents, but such that they often mean something.
  Message from_client();
  Message from_worker();
  Message results();
  Query query();
  JobSpec spec();
  Held held();
  std::vector<Held> some_held();
  JobId job() {
    JobId id;
    id.bytes[0] = input_.below(4);
    return id;
  }

  Input& input_;
  BrokerCore core_;
  Effects effects_;
  Now now_{TimePoint(std::chrono::hours(1)), UtcTime(std::chrono::hours(1))};
  std::array<FuzzPeer, 6> peers_;
  std::vector<Held> handed_out_;            // every range that some worker got
  std::string lengths_, payloads_, kinds_;  // what columns point into
};

}  // namespace zonda::fuzz
