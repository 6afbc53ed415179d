// What a listener's ZMTP greeting says of how it wants to be spoken to. The greeting is 64 bytes, the
// mechanism 20 of them from the 13th on (ZMTP 3.1, rfc.zeromq.org/spec/37).
#pragma once

#include <chrono>
#include <string>

#include "proto/wire/zmq_context.h"

namespace zonda {

// "CURVE", "NULL", …; empty: nobody listens there, or what listens does not greet so. Waits for at most
// `within`. libzmq does not tell: where mechanisms differ, either end may hang up before the other has read
// why.
std::string greeted_mechanism(ZmqContext& context, const std::string& endpoint,
                              std::chrono::milliseconds within);

}  // namespace zonda
