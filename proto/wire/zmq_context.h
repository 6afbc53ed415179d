// libzmq's context: its I/O threads. One per process.
#pragma once

#include <zmq.hpp>

namespace zonda {

// Outlives every wire made with it; its end waits for what they still send, as long as their linger allows.
// Create it after forking: a child made by fork may only exec.
class ZmqContext {
 public:
  // One I/O thread moves more than a broker can decide; encryption keeps two busy. `sockets_max`: libzmq's
  // default is enough for any one peer.
  explicit ZmqContext(int io_threads = 1, int sockets_max = ZMQ_MAX_SOCKETS_DFLT);

  zmq::context_t& handle() { return context_; }

 private:
  zmq::context_t context_;
};

}  // namespace zonda
