// Answers while the broker is not ready yet: the ports are bound before the store is read.
#pragma once

#include <cstdint>

#include "proto/wire/wire.h"

namespace zonda {

class Doorman {
 public:
  explicit Doorman(BrokerWire& wire) : wire_(wire) {}

  // Hears for so long, and tells everybody who says HELLO to try again.
  void turn(std::chrono::milliseconds time);

 private:
  BrokerWire& wire_;
};

}  // namespace zonda
