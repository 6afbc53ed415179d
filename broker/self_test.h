// Whether a broker that asks for keys does: a mistake in how that is set up would not show otherwise.
#pragma once

#include <string>

#include "proto/keys/key_pair.h"
#include "proto/wire/zmq_context.h"

namespace zonda {

// Knocks with a key that nobody admits. Throws std::runtime_error unless it is refused.
void require_closed_door(ZmqContext& context, const std::string& endpoint, const CurveKeys& stranger);

}  // namespace zonda
