// What a turn of the core asks for: remember the records first, then send the frames, in this order.
#pragma once

#include <string>
#include <vector>

#include "broker/core/payload.h"
#include "broker/core/records.h"
#include "proto/keys/enrolment.h"
#include "proto/wire/wire.h"

namespace zonda {

// It is answered on the connection that it was asked for on.
struct PendingEnrolment {
  Connection from;
  Enrolment enrolment;
};

struct Effects {
  struct Outgoing {
    Connection to;
    std::string frame;
  };

  std::vector<Record> records;     // to be committed BEFORE any of the frames leaves
  std::vector<Outgoing> frames;    // to be sent AFTER the commit
  std::vector<PayloadName> reads;  // payloads to be read back, after the records were handed over
  std::string backup;              // a directory to copy the store into; empty: none
  std::vector<PendingEnrolment> enrolments;
  std::vector<std::string> events;  // what happened, for the log: "worker-lost worker=… tasks=…"
};

}  // namespace zonda
