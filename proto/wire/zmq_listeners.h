// Binds the broker's sockets to its addresses.
#pragma once

#include <vector>

#include "proto/wire/address.h"
#include "proto/wire/zmq_socket.h"

namespace zonda {

struct BrokerSockets {
  ZmqSocket& front;
  ZmqSocket& back;
  ZmqSocket& sink;
};

// Returns the addresses in force: those given, with chosen ports where 0 asked for three free ones in a row.
// Throws std::runtime_error with a text for the user if one cannot be had; std::invalid_argument if it is not
// bindable.
std::vector<BaseAddress> bind_all(const std::vector<BaseAddress>& wanted, BrokerSockets sockets);

}  // namespace zonda
