// How a worker comes by its key: from a file, or once, for a join token.
#pragma once

#include <optional>
#include <string>

#include "proto/keys/key_pair.h"
#include "proto/wire/address.h"
#include "proto/wire/signals.h"
#include "proto/wire/zmq_context.h"
#include "worker/worker_main.h"

namespace zonda {

struct KeyAnswer {
  std::optional<CurveKeys> keys;  // none: this worker needs none
  std::string refusal;            // of the broker, for people
  bool is_interrupted = false;    // by a signal, before there was an answer
};

// Reads the key that the settings name. If it is not there and there is a token, has a new one enrolled, for
// as long as the broker does not answer, and keeps it in that file. Throws KeyFileError, and
// std::invalid_argument if the token is none.
KeyAnswer key_of(ZmqContext& context, const WorkerSettings& settings, const BaseAddress& broker,
                 Signals& signals);

}  // namespace zonda
