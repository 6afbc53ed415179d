#include "proto/wire/zmq_context.h"

#include <stdexcept>
#include <string>

namespace zonda {

ZmqContext::ZmqContext(int io_threads, int sockets_max) : context_(io_threads, sockets_max) {
  const auto [major, minor, patch] = zmq::version();
  if (ZMQ_MAKE_VERSION(major, minor, patch) < ZMQ_MAKE_VERSION(4, 3, 4)) {
    throw std::runtime_error("libzmq " + std::to_string(major) + "." + std::to_string(minor) + "." +
                             std::to_string(patch) + " is too old, 4.3.4 is needed");
  }
}

}  // namespace zonda
