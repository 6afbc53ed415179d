// Why no connection comes about, as far as ZeroMQ lets a peer see it.
#pragma once

#include <cstdint>
#include <string>

namespace zonda {

// Why a connection ended before a word was said on it.
enum class HandshakeFailure : std::uint8_t {
  Refused,    // the other end does not admit our key
  Mechanism,  // one end has keys and the other has none
  Closed,     // no reason given: its key is another than we were told, or it does not speak ZMTP
};

struct Denial {
  HandshakeFailure why = HandshakeFailure::Closed;
  std::string text;  // for people

  // It is about keys: nothing will change until somebody changes theirs. Else it may be something in between
  // that ends connections while there is no broker.
  bool is_certain() const { return why != HandshakeFailure::Closed; }
};

}  // namespace zonda
