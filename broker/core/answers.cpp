#include "broker/core/answers.h"

namespace zonda {
namespace {

// What Job and JobSummary have in common.
template <class T>
void pack_common(Answer& answer, const T& job, bool complete) {
  answer.field("job", to_string(job.id));
  answer.field("name", job.spec.name);
  answer.field("function", job.spec.function);
  answer.field("signature", job.spec.signature);
  answer.field("state", std::string(state_name(job.state, complete, job.counts)));
  answer.field("client", job.client_name);
  answer.field("queue", job.spec.queue.empty() ? std::string("default") : job.spec.queue);
  answer.field("priority", job.spec.priority);
  answer.field("detached", job.spec.detached);
  answer.field("tasks", job.count);
  answer.field("queued", job.counts.queued());
  answer.field("running", job.counts.leased + job.counts.orphaned);
  answer.field("delayed", job.counts.delayed);
  answer.field("done", job.counts.values);
  answer.field("failed", job.counts.failed_total() - job.counts.failed[TaskReport::cancelled]);
  answer.field("cancelled", job.counts.failed[TaskReport::cancelled]);
  answer.time("submitted", job.opened_at);
  answer.time("started", job.started_at);
  answer.time("finished", job.finished_at);
}
constexpr std::uint32_t kCommonFields = 19;

}  // namespace

Answer& Answer::time(const char* name, std::optional<UtcTime> time) {
  packer.pack(name);
  if (!time)
    packer.pack_nil();
  else
    detail::pack_float(packer, std::chrono::duration<double>(time->time_since_epoch()).count());
  return *this;
}

const char* state_name(JobState state, bool complete, const JobCounts& counts) {
  if (state == JobState::Cancelled) return "cancelled";
  if (complete) return counts.failed_total() > 0 ? "failed" : "done";
  if (counts.leased + counts.orphaned > 0) return "running";
  return counts.open() > 0 ? "queued" : "open";
}

void pack_job(Answer& answer, const Job& job) {
  answer.packer.pack_map(kCommonFields + 3);
  pack_common(answer, job, job.complete);
  answer.field("closed", job.is_closed());
  answer.field("task_seconds", job.task_us / 1e6);
  answer.field("released", job.log.begin());
}

void pack_summary(Answer& answer, const JobSummary& summary) {
  answer.packer.pack_map(kCommonFields + 3);
  pack_common(answer, summary, true);
  answer.field("closed", true);
  answer.field("task_seconds", 0.0);
  answer.field("released", summary.count);
}

void pack_worker(Answer& answer, const WorkerRecord& worker) {
  static constexpr const char* kStates[] = {"joining", "active", "draining", "away"};
  answer.packer.pack_map(14);
  answer.field("worker", worker.hello.name);
  answer.field("host", worker.hello.host);
  answer.field("pid", worker.hello.pid);
  answer.field("state", std::string(kStates[static_cast<int>(worker.state)]));
  answer.field("slots", worker.hello.slots);
  answer.field("running", std::min<std::uint64_t>(worker.outstanding, worker.hello.slots));
  answer.field("held", worker.outstanding);
  answer.field("done", worker.done);
  answer.field("failed", worker.failed);
  answer.field("queues", worker.kind->key.queues);
  answer.field("labels", worker.hello.labels);
  answer.field("resources", worker.hello.resources);
  answer.time("since", worker.since);
  answer.packer.pack("functions").pack_array(static_cast<std::uint32_t>(worker.hello.functions.size()));
  for (const FunctionName& function : worker.hello.functions)
    answer.packer.pack(function.name + function.signature);
}

}  // namespace zonda
