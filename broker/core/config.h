// What a broker core is told at its start.
#pragma once

#include <zonda/job_id.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "proto/limits.h"

namespace zonda {

struct BrokerConfig {
  JobId store;              // names the memory behind this broker
  std::uint64_t epoch = 1;  // grows with every start on the same store
  std::uint64_t seed = 1;   // for backoff and for ids of retried jobs
  std::string cookie;       // peers must show it; empty: nobody needs one
  std::string durability = "memory";
  std::string back;  // addresses told in WELCOME; empty: by convention
  std::string sink;
  std::chrono::milliseconds heartbeat = kHeartbeat;
  std::chrono::milliseconds lease = kLease;
  std::chrono::milliseconds probe{300};       // holders of leases that are silent for so long are probed
  std::chrono::milliseconds away_grace{400};  // a worker whose connection is gone may come back
  std::chrono::milliseconds client_grace{60'000};
  std::chrono::hours result_ttl{7 * 24};         // outcomes of detached jobs are kept
  std::chrono::hours key_ttl{24};                // of jobs with a key: and the key with them
  std::uint64_t memory_limit = 4ULL << 30;       // bytes of arguments and outcomes
  std::uint64_t overhead_limit = 1ULL << 30;     // bytes that jobs cost beside these: none is opened beyond
  std::uint64_t backlog_max = 256 << 20;         // of these: what waits for the disk
  std::uint64_t client_window_bytes = 32 << 20;  // a client may have so much on the way
  std::uint64_t client_window_tasks = 1 << 20;
  std::uint64_t reader_window_bytes = 16 << 20;  // of outcomes a session may have on the way to it
  std::uint64_t reader_window_outcomes = 1 << 18;
  std::size_t history_max = 10'000;  // summaries of jobs that are gone
  std::uint32_t lost_limit = 20;
  std::chrono::milliseconds backoff_base{1'000};
  std::chrono::milliseconds backoff_max{60'000};
};

}  // namespace zonda
