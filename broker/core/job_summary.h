// How a job stands, in numbers, and what is left of it when its outcomes are gone.
#pragma once

#include <zonda/job_id.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/core/clock.h"
#include "proto/messages.h"

namespace zonda {

enum class JobState : std::uint8_t { Open, Closed, Cancelled };

struct JobCounts {
  std::uint64_t ready = 0;
  std::uint64_t leased = 0;
  std::uint64_t delayed = 0;
  std::uint64_t orphaned = 0;
  std::uint64_t stored = 0;
  std::uint64_t suspects = 0;  // in quarantine
  std::uint64_t values = 0;
  std::array<std::uint64_t, 9> failed{};  // by TaskReport::Kind

  std::uint64_t queued() const { return ready + stored + suspects; }
  std::uint64_t open() const { return queued() + leased + delayed + orphaned; }
  // `kinds` as in record::Finished: empty means that all are values.
  void add_outcomes(std::uint64_t count, std::string_view kinds) {
    if (kinds.empty()) values += count;
    for (const char kind : kinds) {
      const auto number = static_cast<std::uint8_t>(kind);
      ++(number == 0 ? values : failed.at(number));
    }
  }
  std::uint64_t failed_total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t each : failed) sum += each;
    return sum;
  }
};

struct JobSummary {
  JobId id;
  std::uint64_t age = 0;  // order of arrival in this incarnation of the broker
  JobSpec spec;
  std::string client_name;
  JobState state = JobState::Closed;
  std::uint64_t count = 0;
  JobCounts counts;
  UtcTime opened_at;
  std::optional<UtcTime> started_at;
  std::optional<UtcTime> finished_at;
};

}  // namespace zonda
