// Done is final, so failed tasks run again as a new job of the same spec. Inputs that are in the store only
// are read back some batches at a time, and of each only those of failed tasks are kept.
#include <algorithm>

#include "broker/core/question.h"
#include "proto/digest.h"
#include "proto/limits.h"

namespace zonda {
namespace {

constexpr std::uint64_t kReadAtOnce = 32 << 20;  // bytes of batches, and no more than memory allows

std::vector<std::uint64_t> failed_tasks(const OutcomeLog& log) {
  std::vector<std::uint64_t> failed;
  for (const LogChunk& chunk : log.chunks()) {
    for (std::uint32_t at = 0; at < chunk.kinds.size(); ++at) {
      if (chunk.kinds[at] != 0) failed.push_back(chunk.first + at);
    }
  }
  std::sort(failed.begin(), failed.end());
  return failed;
}

Column argument_of(const Batch& batch, const Column& arguments, std::uint64_t index) {
  return arguments.slice(static_cast<std::uint32_t>(index - batch.first), 1);
}

}  // namespace

void BrokerCore::Question::retry(Job& job) {
  if (!job.spec.detached)
    return say(ReplyCode::Refused, "only detached jobs keep the inputs of failed tasks");
  if (const Job* again = core_.find_job(id_of_retry(job))) return say_retried(*again);
  const std::vector<std::uint64_t> failed = failed_tasks(job.log);
  if (failed.empty()) return say(ReplyCode::Refused, "no task of the job failed");
  if (core_.disk_nearly_full_)
    return say(ReplyCode::Refused, "the disk of the broker is nearly full: try again when there is room");
  const std::map<PayloadName, std::uint64_t> missing = keep_inputs(job, failed);
  std::uint64_t bytes = 0;
  for (const auto& [index, input] : inputs_) bytes += input.size();
  if (bytes > core_.config_.memory_limit / 4)
    return say(ReplyCode::Refused,
               "the inputs of the failed tasks are more than a quarter of the broker's "
               "memory limit");
  if (!missing.empty()) return wait_for(missing);
  say_retried(open_again(job, failed));
}

void BrokerCore::Question::say_retried(const Job& again) {
  Answer answer;
  answer.packer.pack_map(2);
  answer.field("job", to_string(again.id)).field("tasks", again.count);
  say(answer);
}

// Ordered by time, like every id. The random half is of the question, which a client that did not hear the
// answer asks again: that is no second order.
JobId BrokerCore::Question::id_of_retry(const Job& job) const {
  const auto bytes_of = [](const JobId& id) {
    return std::string_view(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
  };
  const std::uint64_t asker = digest(bytes_of(session_.client->hello.peer), id_);
  const std::uint64_t half = digest(bytes_of(job.id), asker);
  JobId id = job.id;
  for (std::size_t at = 8; at < id.bytes.size(); ++at)
    id.bytes[at] = static_cast<std::uint8_t>(half >> (8 * (at - 8)));
  return id;
}

// Returns what has to be read next.
std::map<PayloadName, std::uint64_t> BrokerCore::Question::keep_inputs(
    Job& job, const std::vector<std::uint64_t>& tasks) {
  std::map<PayloadName, std::uint64_t> missing;
  const std::uint64_t at_once = std::min(kReadAtOnce, core_.config_.memory_limit / 8);
  std::uint64_t bytes = 0;
  for (const std::uint64_t index : tasks) {
    const Batch& batch = job.batch_of(index);
    if (batch.slab.size() > 0 || inputs_.contains(index)) continue;
    const PayloadName name{job.id, PayloadName::What::Arguments, batch.first};
    if (const auto found = found_.find(name); found != found_.end())
      inputs_[index] = argument_of(batch, found->second.column, index).payloads;
    else if (bytes < at_once && missing.emplace(name, batch.bytes).second)
      bytes += batch.bytes;
  }
  return missing;
}

Job& BrokerCore::Question::open_again(Job& job, const std::vector<std::uint64_t>& tasks) {
  const JobId id = id_of_retry(job);
  JobSpec spec = job.spec;
  spec.key.clear();
  Job& again = core_.open_job(id, spec, nullptr, job.client_name, now_, effects_);
  std::string lengths, payloads;
  for (const std::uint64_t index : tasks) {
    const Batch& batch = job.batch_of(index);
    const auto kept = inputs_.find(index);
    const std::string_view input =
        kept != inputs_.end() ? kept->second : argument_of(batch, batch.arguments, index).payloads;
    const auto length = static_cast<std::uint32_t>(input.size());
    lengths.append(reinterpret_cast<const char*>(&length), sizeof length);
    payloads.append(input);
    if (index != tasks.back() && lengths.size() < sizeof length * kFrameTasks &&
        payloads.size() < kFrameBytes)
      continue;
    core_.accept_tasks(again, again.count, Column{lengths, payloads}, now_, effects_);
    lengths.clear();
    payloads.clear();
  }
  again.state = JobState::Closed;
  effects_.records.push_back(record::Closed{id, again.count, false});
  return again;
}

}  // namespace zonda
