// A client as the broker sees it: its session and the jobs that end with it.
#pragma once

#include <zonda/job_id.h>

#include <cstdint>
#include <set>
#include <string>

#include "broker/core/clock.h"
#include "proto/messages.h"

namespace zonda {

struct ClientRecord {
  Hello hello;
  std::string share_name;     // its key's name; without keys its own, or its peer id if it has none
  std::uint64_t session = 0;  // 0: away
  TimePoint away_since;
  std::set<JobId> jobs;            // that it owns: attached ones are cancelled when it is gone for long
  std::uint64_t unread_bytes = 0;  // outcomes of its attached jobs that it does not have yet
  std::set<JobId> unclaimed;       // its jobs of before the start that it has not opened again
  std::set<JobId> held;            // its jobs that wait because these are too many

  void forget(const JobId& job) { jobs.erase(job), unclaimed.erase(job), held.erase(job); }
};

}  // namespace zonda
