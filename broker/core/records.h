// What the store remembers. A record says what happened to whole batches; replaying all records of a store in
// order gives the broker's jobs back.
#pragma once

#include <zonda/job_id.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "broker/core/clock.h"
#include "proto/column.h"
#include "proto/messages.h"
#include "proto/slab.h"

namespace zonda::record {

// A job was opened.
struct Opened {
  JobId job;
  JobSpec spec;
  std::string client;  // name of its owner
  UtcTime at;
};

// Tasks [first, first + arguments.count()) were accepted.
struct Appended {
  JobId job;
  std::uint64_t first = 0;
  Slab slab;  // keeps `arguments` alive
  Column arguments;
  UtcTime at;
};

// The job has `count` tasks, finally.
struct Closed {
  JobId job;
  std::uint64_t count = 0;
};

// Tasks ended; their outcomes are at [position, position + outcomes.count()) of the job's log.
struct Finished {
  JobId job;
  std::uint64_t position = 0;
  std::uint64_t first = 0;
  std::uint32_t attempt = 0;
  std::string worker;
  Slab slab;  // keeps the views alive
  std::string_view kinds;
  Column outcomes;
};

// Outcomes before `position` were delivered and are needed no more.
struct Released {
  JobId job;
  std::uint64_t position = 0;
};

// The job is gone with all it held.
struct Forgotten {
  JobId job;
};

}  // namespace zonda::record

namespace zonda {

using Record = std::variant<record::Opened, record::Appended, record::Closed, record::Finished,
                            record::Released, record::Forgotten>;

}  // namespace zonda
