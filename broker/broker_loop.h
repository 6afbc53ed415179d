// The broker's one thread: hears, decides, remembers, speaks.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "broker/core/broker_core.h"
#include "broker/http/board.h"
#include "broker/keyring.h"
#include "broker/store/store.h"
#include "proto/wire/wire.h"

namespace zonda {

class BrokerLoop {
 public:
  using OnEvent = std::function<void(const std::string& event)>;  // one line for the log

  // `keyring`: of a broker that asks for keys. `board`: where others look at it.
  BrokerLoop(BrokerCore& core, BrokerWire& wire, Store& store, OnEvent on_event, Keyring* keyring = nullptr,
             Board* board = nullptr)
      : core_(core),
        wire_(wire),
        store_(store),
        on_event_(std::move(on_event)),
        keyring_(keyring),
        board_(board) {}

  // What the core decided when it was restored, before the first turn.
  void begin(Effects& effects);
  // Waits until there is something to do, or for so long. Throws std::runtime_error when the store failed:
  // what was not acknowledged never happened, and nothing may be acknowledged any more.
  void turn(TimePoint latest = TimePoint::max());
  // A planned stop: returns when all that was decided is remembered and said. Throws as turn().
  void stop();

 private:
  struct Held {
    std::uint64_t commit = 0;  // what the frames wait for
    std::uint64_t bytes = 0;   // of its records
    std::vector<Effects::Outgoing> frames;
  };

  void hear_of_keys(std::optional<Now>& now, Effects& effects);
  void remember(Effects& effects);
  void speak();
  void put_up(const Now& now);

  BrokerCore& core_;
  BrokerWire& wire_;
  Store& store_;
  OnEvent on_event_;
  Keyring* keyring_;
  Board* board_;
  TimePoint put_up_due_ = TimePoint::max();
  std::deque<Held> held_;
  std::uint64_t held_bytes_ = 0;
};

}  // namespace zonda
