// What the store remembers. A record says what happened to whole batches; replaying what a store kept, in its
// order, gives the broker's jobs back. Views point into the record's slab.
#pragma once

#include <zonda/job_id.h>
#include <zonda/task_report.h>

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "broker/core/clock.h"
#include "broker/core/index_range.h"
#include "broker/core/job_summary.h"
#include "proto/column.h"
#include "proto/messages.h"
#include "proto/slab.h"

namespace zonda::record {

// A job was opened.
struct Opened {
  JobId job;
  JobSpec spec;
  std::string client;             // its owner, for people, and whose share it is
  std::string scope;              // of its key: the name of its owner, which may have none
  JobId owner;                    // the peer that owns it; {}: nobody
  std::uint64_t incarnation = 0;  // of that peer
  UtcTime at;
};

// Tasks [first, first + count) were accepted. A store that does not bring the payload along leaves `slab` and
// `arguments` empty.
struct Appended {
  JobId job;
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::uint64_t digest = 0;  // of the column
  std::uint64_t bytes = 0;   // of the slab
  UtcTime at;
  Slab slab;
  Column arguments;
};

// The job has `count` tasks, finally.
struct Closed {
  JobId job;
  std::uint64_t count = 0;
  bool cancelled = false;
};

// No task at or above `upto` was ever handed out. Said ahead of use, so that a first hand-out waits for no
// disk.
struct HandedOut {
  JobId job;
  std::uint64_t upto = 0;
  UtcTime at;
};

// Tasks that may have been handed out before were handed out again: results under an earlier token do not
// count.
struct Fenced {
  JobId job;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  Token token;
};

// An attempt ended without an outcome: what is known of these tasks from then on.
struct Attempted {
  JobId job;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  Token token;         // the last one issued for them
  bool spent = false;  // its attempt ended for certain: it counts no more
  std::uint32_t errors = 0;
  std::uint32_t crashes = 0;
  std::uint32_t lost = 0;
  std::uint32_t deaths = 0;     // how often a worker vanished with them aboard, started or not
  std::uint32_t group = 0;      // how many of them may be handed out together; 0: any number
  UtcTime due;                  // not before; {}: now
  TaskReport::Attempt attempt;  // to be told in the report; number 0: nothing
};

// Tasks ended; their outcomes are at [position, position + count) of the job's log. A store that does not
// bring the payload along leaves `slab` and `outcomes` empty, but not `kinds`.
struct Finished {
  JobId job;
  std::uint64_t position = 0;
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t attempt = 0;
  std::uint64_t epoch = 0;  // of the broker that recorded them; 0: salvaged, and others are missing
  std::string worker;
  std::uint64_t bytes = 0;  // of the slab
  UtcTime at;
  Slab slab;
  std::string_view kinds;  // one byte a task, as in OutcomeRange; empty: all are values
  Column outcomes;
};

// Outcomes before `position` were delivered and are needed no more. The store tells, in a replay, what they
// were.
struct Released {
  JobId job;
  std::uint64_t position = 0;
  std::vector<IndexRange> done;          // the tasks they were of, ascending, never touching
  std::array<std::uint64_t, 9> kinds{};  // how many of each kind; [0]: values
  std::uint64_t owner_read = 0;          // how far its owner has read; others may be behind
};

// The job is gone with all it held; its summary stays.
struct Summarised {
  JobSummary summary;
};

// Nothing is left of the job, not even a summary.
struct Forgotten {
  JobId job;
};

// A worker may hold tasks from now on, until it left.
struct Joined {
  JobId peer;
  std::string name;
  std::string host;
};
struct Left {
  JobId peer;
};

// The broker stopped in order, and these are all tasks that are handed out. It holds until anything else is
// recorded.
struct Stopped {
  struct Lease {
    JobId peer;
    JobId job;
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    Token token;
  };
  std::vector<Lease> leases;
};

// A broker goes on from a Stopped: what it hands out is not in there.
struct Started {};

}  // namespace zonda::record

namespace zonda {

using Record =
    std::variant<record::Opened, record::Appended, record::Closed, record::HandedOut, record::Fenced,
                 record::Attempted, record::Finished, record::Released, record::Summarised, record::Forgotten,
                 record::Joined, record::Left, record::Stopped, record::Started>;

// How much memory they take, roughly.
std::uint64_t bytes_of(const std::vector<Record>& records);

}  // namespace zonda
