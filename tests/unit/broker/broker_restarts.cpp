#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

namespace zonda {

void BrokerFixture::crashes(std::chrono::nanoseconds downtime) { start(downtime); }

void BrokerFixture::stops(std::chrono::nanoseconds downtime) {
  core_->stop(effects_);
  deliver();
  start(downtime);
}

void BrokerFixture::start(std::chrono::nanoseconds downtime) {
  for (PeerState& peer : peers_) {
    peer.connection.number = 0;
    peer.alive = false;
  }
  time_ += downtime;
  ++config_.epoch;
  ++config_.seed;
  core_ = std::make_unique<BrokerCore>(config_);
  store_.replay(replay_bytes_, [&](Record& record) { core_->restore(record, now()); });
  core_->restored(now(), std::chrono::duration_cast<std::chrono::milliseconds>(downtime), effects_);
  REQUIRE(core_->check() == "");
  turn([] {});
}

}  // namespace zonda
