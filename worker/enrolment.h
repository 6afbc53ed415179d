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
  std::string path;               // where the key belongs if it turns out to work; empty: it is there
  std::string refusal;            // of the broker, for people
  bool is_interrupted = false;    // by a signal, before there was an answer
};

// What may be done about a refusal, for people; empty: nothing that is known here.
std::string hint_about_key(const WorkerSettings& settings);

// Reads the key that the settings name. If it is not there and there is a token, has a new one enrolled; that
// takes until the broker answers. It is in a file before it is asked for: an answer may be lost, and then the
// next start goes on with it. Throws KeyFileError, and std::invalid_argument if the token is none.
KeyAnswer key_of(ZmqContext& context, const WorkerSettings& settings, const BaseAddress& broker,
                 Signals& signals);

// The broker took it.
void keep_key(const KeyAnswer& key);

}  // namespace zonda
