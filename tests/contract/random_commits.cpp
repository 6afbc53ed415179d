#include "tests/contract/random_commits.h"

#include "tests/contract/store_under_test.h"

namespace zonda {
namespace {

constexpr std::uint64_t kJobs = 5;

}  // namespace

std::vector<Record> RandomCommits::next() {
  std::vector<Record> records;
  for (std::uint64_t left = below(6); left > 0; --left) add_to(records);
  return records;
}

PayloadName RandomCommits::some_payload() {
  const auto what = below(2) == 0 ? PayloadName::What::Arguments : PayloadName::What::Outcomes;
  return {job_id(static_cast<std::uint8_t>(1 + below(kJobs))), what, below(12)};
}

std::string RandomCommits::value() {
  static constexpr std::uint64_t kSizes[] = {0, 1, 7, 100, 3'000, 20'000};
  return std::string(kSizes[below(6)], static_cast<char>(below(256)));
}

void RandomCommits::add_to(std::vector<Record>& records) {
  const auto number = static_cast<std::uint8_t>(1 + below(kJobs));
  const auto at = jobs_.find(number);
  if (below(12) == 0) return add_about_workers(records);
  if (at != jobs_.end()) return add_about_job(number, at->second, records);
  if (below(4) == 0) return records.push_back(record::Forgotten{job_id(number)});
  records.push_back(opened(number, below(2) == 0));
  jobs_[number] = {};
}

void RandomCommits::add_about_workers(std::vector<Record>& records) {
  const JobId peer = job_id(static_cast<std::uint8_t>(100 + below(3)));
  switch (below(3)) {
    case 0: return records.push_back(record::Joined{peer, "w" + std::to_string(below(3)), "host"});
    case 1: return records.push_back(record::Left{peer});
    default: return records.push_back(record::Stopped{{{peer, job_id(1), below(9), 2, {3, 4}}}});
  }
}

void RandomCommits::add_about_job(std::uint8_t number, Job& job, std::vector<Record>& records) {
  const JobId id = job_id(number);
  const std::uint64_t first = job.done.empty() ? 0 : below(job.done.size());
  switch (below(12)) {
    case 0:
    case 1:
    case 2: return append(number, job, records);
    case 3:
    case 4:
    case 5: return finish(number, job, first, records);
    case 6:
    case 7:
      if (job.log_end == 0) return;
      job.released += below(job.log_end - job.released + 1);
      return records.push_back(released(number, job.released));
    case 8: return records.push_back(record::HandedOut{id, below(100), UtcTime(std::chrono::seconds(5))});
    case 9:
      if (below(2) == 0) return records.push_back(record::Fenced{id, first, 1, {2, below(9)}});
      return records.push_back(record::Attempted{
          id, first, 1, {2, 3}, true, 1, 2, 3, 4, 5, {}, {TaskReport::crashed, 1, "w", "h", value()}});
    case 10: job.closed = true; return records.push_back(record::Closed{id, job.done.size(), below(2) == 0});
    default: return end(number, records);
  }
}

void RandomCommits::append(std::uint8_t number, Job& job, std::vector<Record>& records) {
  if (job.closed) return;
  const std::uint64_t count = 1 + below(5);
  records.push_back(appended(number, job.done.size(), count, value()));
  job.done.resize(job.done.size() + count);
}

// A run of tasks, maybe of several batches.
void RandomCommits::finish(std::uint8_t number, Job& job, std::uint64_t first, std::vector<Record>& records) {
  std::uint64_t end = first;
  while (end < job.done.size() && !job.done[end] && end - first < 1 + below(8)) job.done[end++] = true;
  if (end == first) return;
  std::string kinds;
  if (below(3) == 0) kinds.assign(end - first, static_cast<char>(below(9)));
  records.push_back(finished(number, job.log_end, first, end - first, value(), kinds));
  job.log_end += end - first;
}

void RandomCommits::end(std::uint8_t number, std::vector<Record>& records) {
  if (below(3) != 0) return;
  jobs_.erase(number);
  if (below(2) == 0) return records.push_back(record::Forgotten{job_id(number)});
  JobSummary summary;
  summary.id = job_id(number);
  summary.age = below(1'000);
  summary.spec = opened(number).spec;
  summary.counts.failed[3] = below(7);
  if (below(2) == 0) summary.finished_at = UtcTime(std::chrono::nanoseconds(123456789));
  records.push_back(record::Summarised{summary});
}

}  // namespace zonda
