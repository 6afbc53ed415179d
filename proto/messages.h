// Every message, once: what it means, its number, its fields in their order on the wire. Encoder, decoder,
// printer and golden vectors come from these lists; PROTOCOL.md explains who sends what when, and what
// happens if it is lost.
//
// Numbers are never reused and fields never reordered; new fields go to the end.
// Views (std::string_view, Column) point into the frame they were decoded from.
#pragma once

#include <variant>

#include "proto/client_messages.h"
#include "proto/session_messages.h"
#include "proto/worker_messages.h"

namespace zonda {

using Message =
    std::variant<Hello, Welcome, Refuse, Who, Heartbeat, Goodbye, Drain, Credit, Piece, Enrol, Enrolled,
                 OpenJob, Append, CloseJob, Accepted, JobRefused, SameJob, Attach, Outcomes, OutcomeAck,
                 Cancel, Query, Reply, JobProgress, JobOutput, OutputRoom, Tasks, Started, Retract, Returned,
                 Holdings, Stored, WorkerResults, WorkerProgress, Output, Stop>;

}  // namespace zonda
