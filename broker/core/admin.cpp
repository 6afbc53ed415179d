// Questions and orders of people and scripts.
#include <zonda/detail/reader.h>

#include <algorithm>

#include "broker/core/answers.h"
#include "broker/core/broker_core.h"
#include "proto/limits.h"

namespace zonda {
namespace {

constexpr std::uint32_t kPage = 500;
constexpr std::uint64_t kAnswerEntriesMax = 100'000;

// The arguments of a query, by name. Unknown ones are skipped: they come from newer tools.
struct Arguments {
  std::string job, worker, state;
  std::uint64_t index = 0, limit = 10'000;
  bool has_index = false;
};

Arguments read_arguments(std::string_view bytes) {
  Arguments arguments;
  if (bytes.empty()) return arguments;
  detail::Reader reader(bytes);
  for (std::uint32_t left = reader.map(); left > 0; --left) {
    const std::string_view key = reader.text();
    if (key == "job")
      arguments.job = reader.text();
    else if (key == "worker")
      arguments.worker = reader.text();
    else if (key == "state")
      arguments.state = reader.text();
    else if (key == "limit")
      arguments.limit = std::min(reader.integer<std::uint64_t>(), kAnswerEntriesMax);
    else if (key == "index")
      arguments.index = reader.integer<std::uint64_t>(), arguments.has_index = true;
    else
      reader.skip();
  }
  return arguments;
}

}  // namespace

// One query while it is answered: pages go out as they fill.
class BrokerCore::Question {
 public:
  Question(BrokerCore& core, Session& session, const Query& query, const Now& now, Effects& effects)
      : core_(core),
        session_(session),
        id_(query.id),
        now_(now),
        effects_(effects),
        arguments_(read_arguments(query.arguments)) {}

  void answer(const std::string& what) {
    if (what == "status") return status();
    if (what == "functions") return functions();
    if (what == "worker.list" || what == "worker.info") return workers();
    if (what == "worker.drain" || what == "worker.stop") return drain();
    if (what == "broker.stop") return stop();
    if (what == "job.list") return jobs();
    if (what.starts_with("job.") || what.starts_with("task.")) return about_job(what);
    say(ReplyCode::Usage, "this broker does not know the question " + what);
  }

 private:
  void say(ReplyCode code, const std::string& text) {
    core_.say(session_, Reply{id_, code, text, true, {}}, effects_);
  }
  void say(const Answer& answer, bool last = true) {
    core_.say(session_, Reply{id_, ReplyCode::Ok, {}, last, answer.out.bytes()}, effects_);
  }
  // A list of maps, in pages. `pack` packs one entry.
  template <class Entries, class Pack>
  void say_list(const Entries& entries, Pack&& pack) {
    for (std::size_t from = 0;; from += kPage) {
      const std::size_t count = std::min<std::size_t>(kPage, entries.size() - from);
      Answer page;
      page.packer.pack_array(static_cast<std::uint32_t>(count));
      for (std::size_t at = from; at < from + count; ++at) pack(page, entries[at]);
      const bool last = from + count >= entries.size();
      say(page, last);
      if (last) return;
    }
  }

  void status();
  void functions();
  void workers();
  void drain();
  void stop();
  void jobs();
  void about_job(const std::string& what);
  void retry(Job& job);
  void tasks(const Job& job);
  void task(const Job& job, bool explain);
  void pack_task(Answer& answer, const Job& job, std::uint64_t index, const SegmentState& state);
  void pack_outcome(Answer& answer, const LogChunk& chunk, std::uint32_t at, bool with_payload);
  std::string why_waiting(const Job& job, const SegmentState& state) const;

  BrokerCore& core_;
  Session& session_;
  std::uint64_t id_;
  const Now& now_;
  Effects& effects_;
  Arguments arguments_;
};

void BrokerCore::on(const Query& query, Session& session, const Now& now, Effects& effects) {
  try {
    Question(*this, session, query, now, effects).answer(query.what);
  } catch (const detail::DecodeError& error) {
    say(session, Reply{query.id, ReplyCode::Usage, error.what(), true, {}}, effects);
  }
}

void BrokerCore::Question::status() {
  const BrokerCounters& counters = core_.counters_;
  std::uint64_t running = 0;
  std::uint64_t draining = 0;
  for (const auto& [number, worker] : core_.roster_.all()) {
    running += std::min<std::uint64_t>(worker->outstanding, worker->hello.slots);
    draining += worker->state == WorkerState::Draining ? 1 : 0;
  }
  Answer answer;
  answer.packer.pack_map(24);
  answer.field("queued", core_.queue_.ready_tasks());
  answer.field("delayed", core_.delayed_tasks_);
  answer.field("held", core_.leased_tasks_);
  answer.field("running", running);
  answer.field("done", counters.tasks_done);
  answer.field("failed", counters.tasks_failed);
  answer.field("accepted", counters.tasks_accepted);
  answer.field("dispatched", counters.tasks_dispatched);
  answer.field("retried", counters.tasks_retried);
  answer.field("returned", counters.tasks_returned);
  answer.field("lost", counters.tasks_lost);
  answer.field("stale", counters.results_stale);
  answer.field("bad_frames", counters.frames_bad);
  answer.field("refused_frames", counters.frames_refused);
  answer.field("gaps", counters.gaps);
  answer.field("jobs", core_.jobs_.size());
  answer.field("clients", core_.clients_.size());
  answer.field("workers", core_.roster_.all().size());
  answer.field("workers_draining", draining);
  answer.field("workers_lost", counters.workers_lost);
  answer.field("slots", core_.roster_.slots());
  answer.field("memory_bytes", core_.memory_used_);
  answer.field("durability", core_.config_.durability);
  answer.field("epoch", core_.config_.epoch);
  say(answer);
}

void BrokerCore::Question::functions() {
  std::vector<FunctionName> served;
  core_.roster_.for_each_function([&](const std::string& name, const std::string& signature) {
    served.push_back({name, signature});
  });
  say_list(served, [](Answer& page, const FunctionName& function) {
    page.packer.pack_map(2);
    page.field("name", function.name).field("signature", function.signature);
  });
}

void BrokerCore::Question::workers() {
  std::vector<const WorkerRecord*> found;
  for (const auto& [number, worker] : core_.roster_.all()) {
    if (arguments_.worker.empty() || worker->hello.name == arguments_.worker) found.push_back(worker.get());
  }
  if (found.empty() && !arguments_.worker.empty())
    return say(ReplyCode::NotFound, "no worker is called " + arguments_.worker);
  say_list(found, [](Answer& page, const WorkerRecord* worker) { pack_worker(page, *worker); });
}

void BrokerCore::Question::drain() {
  WorkerRecord* worker = core_.roster_.find_by_name(arguments_.worker);
  if (worker == nullptr) return say(ReplyCode::NotFound, "no worker is called " + arguments_.worker);
  worker->drain_asked = true;
  if (Session* session = core_.sessions_.find(worker->session)) {
    core_.say(*session, Drain{}, effects_);
    core_.on(Drain{}, *session, now_, effects_);
  }
  say(ReplyCode::Ok, "");
}

void BrokerCore::Question::stop() {
  core_.stop_asked_ = true;
  say(ReplyCode::Ok, "");
}

void BrokerCore::Question::jobs() {
  std::vector<std::function<void(Answer&)>> entries;  // the newest first
  for (auto at = core_.jobs_.rbegin(); at != core_.jobs_.rend() && entries.size() < arguments_.limit; ++at) {
    const Job* job = at->second.get();
    if (arguments_.state.empty() || arguments_.state == state_name(job->state, job->complete, job->counts))
      entries.emplace_back([job](Answer& page) { pack_job(page, *job); });
  }
  for (auto at = core_.history_.rbegin(); at != core_.history_.rend() && entries.size() < arguments_.limit;
       ++at) {
    const JobSummary* summary = &*at;
    if (arguments_.state.empty() || arguments_.state == state_name(summary->state, true, summary->counts))
      entries.emplace_back([summary](Answer& page) { pack_summary(page, *summary); });
  }
  say_list(entries, [](Answer& page, const std::function<void(Answer&)>& pack) { pack(page); });
}

void BrokerCore::Question::about_job(const std::string& what) {
  const std::optional<JobId> id = parse_job_id(arguments_.job);
  if (!id) return say(ReplyCode::Usage, "'" + arguments_.job + "' is not a job id");
  Job* job = core_.find_job(*id);
  if (job == nullptr && what == "job.info") {
    const auto at = std::find_if(core_.history_.rbegin(), core_.history_.rend(),
                                 [&](const JobSummary& each) { return each.id == *id; });
    if (at == core_.history_.rend()) return say(ReplyCode::NotFound, "no job " + arguments_.job);
    Answer answer;
    pack_summary(answer, *at);
    return say(answer);
  }
  if (job == nullptr)
    return say(ReplyCode::NotFound,
               "no job " + arguments_.job + ", or its outcomes were delivered and released");
  if (what == "job.info") {
    Answer answer;
    pack_job(answer, *job);
    return say(answer);
  }
  if (what == "job.cancel") {
    core_.cancel_job(*job, now_, effects_);
    return say(ReplyCode::Ok, "");
  }
  if (what == "job.forget") {
    if (!job->complete) return say(ReplyCode::Refused, "the job is not over; cancel it first");
    core_.forget(*job, effects_);
    return say(ReplyCode::Ok, "");
  }
  if (what == "job.retry") return retry(*job);
  if (what == "task.list") return tasks(*job);
  if (what == "task.info" || what == "task.explain") return task(*job, what == "task.explain");
  say(ReplyCode::Usage, "this broker does not know the question " + what);
}

// Done is final, so the failed tasks run again as a new job of the same spec.
void BrokerCore::Question::retry(Job& job) {
  if (!job.spec.detached)
    return say(ReplyCode::Refused, "only detached jobs keep the inputs of failed tasks");
  std::vector<std::uint64_t> failed;
  for (const LogChunk& chunk : job.log.chunks()) {
    for (std::uint32_t at = 0; at < chunk.kinds.size(); ++at) {
      if (chunk.kinds[at] != 0) failed.push_back(chunk.first + at);
    }
  }
  if (failed.empty()) return say(ReplyCode::Refused, "no task of the job failed");
  std::sort(failed.begin(), failed.end());
  JobId id = job.id;  // ordered by time like every id; the random half is new
  for (std::size_t at = 8; at < id.bytes.size(); ++at)
    id.bytes[at] = static_cast<std::uint8_t>(core_.random_());
  JobSpec spec = job.spec;
  spec.key.clear();
  Job& again = core_.open_job(id, spec, nullptr, job.client_name, now_, effects_);
  for (std::size_t from = 0; from < failed.size(); from += kFrameTasks) {
    std::string lengths, payloads;
    for (std::size_t at = from; at < std::min(failed.size(), from + kFrameTasks); ++at) {
      const Batch& batch = job.batch_of(failed[at]);
      const Column one = batch.arguments.slice(static_cast<std::uint32_t>(failed[at] - batch.first), 1);
      lengths.append(one.lengths);
      payloads.append(one.payloads);
    }
    core_.accept_tasks(again, from, Column{lengths, payloads}, now_, effects_);
  }
  again.state = JobState::Closed;
  effects_.records.push_back(record::Closed{id, again.count});
  Answer answer;
  answer.packer.pack_map(2);
  answer.field("job", to_string(id)).field("tasks", again.count);
  say(answer);
}

void BrokerCore::Question::tasks(const Job& job) {
  std::vector<std::function<void(Answer&)>> entries;
  const auto wanted = [&](const char* state) {
    return arguments_.state.empty() || arguments_.state == state;
  };
  for (const LogChunk& chunk : job.log.chunks()) {
    for (std::uint32_t at = 0; at < chunk.count() && entries.size() < arguments_.limit; ++at) {
      const std::uint8_t kind = chunk.kinds.empty() ? 0 : static_cast<std::uint8_t>(chunk.kinds[at]);
      const bool failed = kind != 0 && kind != TaskReport::cancelled;
      if (!wanted(kind == 0 ? "done" : to_string(static_cast<TaskReport::Kind>(kind))) &&
          !(failed && wanted("failed")))
        continue;
      entries.emplace_back([this, &chunk, at](Answer& page) { pack_outcome(page, chunk, at, false); });
    }
  }
  job.segments.for_each({0, job.count}, [&](IndexRange part, const SegmentState& state) {
    const char* name = state.state == TaskState::Ready    ? "queued"
                       : state.state == TaskState::Leased ? "running"
                                                          : "delayed";
    if (!wanted(name)) return;
    for (std::uint64_t index = part.lo; index < part.hi && entries.size() < arguments_.limit; ++index)
      entries.emplace_back([this, &job, index, state](Answer& page) { pack_task(page, job, index, state); });
  });
  say_list(entries, [](Answer& page, const std::function<void(Answer&)>& pack) { pack(page); });
}

void BrokerCore::Question::pack_task(Answer& answer, const Job& job, std::uint64_t index,
                                     const SegmentState& state) {
  const Lease* lease = state.state == TaskState::Leased ? core_.leases_.find(state.token.lease) : nullptr;
  static constexpr const char* kStates[] = {"queued", "running", "delayed"};
  answer.packer.pack_map(9);
  answer.field("job", to_string(job.id))
      .field("index", index)
      .field("state", std::string(kStates[static_cast<int>(state.state)]));
  answer.field("attempt", state.attempt())
      .field("errors", state.errors)
      .field("crashes", state.crashes)
      .field("lost", state.lost);
  answer.field("worker", lease == nullptr ? std::string() : lease->worker->hello.name);
  answer.field("started", state.started);
}

void BrokerCore::Question::pack_outcome(Answer& answer, const LogChunk& chunk, std::uint32_t at,
                                        bool with_payload) {
  const std::uint8_t kind = chunk.kinds.empty() ? 0 : static_cast<std::uint8_t>(chunk.kinds[at]);
  answer.packer.pack_map(with_payload ? 5 : 4);
  answer.field("index", chunk.first + at);
  answer.field("state", std::string(kind == 0 ? "done" : to_string(static_cast<TaskReport::Kind>(kind))));
  answer.field("attempt", chunk.attempt).field("worker", chunk.worker);
  if (!with_payload) return;
  const std::string_view payload = chunk.outcomes.slice(at, 1).payloads;
  answer.packer.pack("payload")
      .pack_bin(static_cast<std::uint32_t>(payload.size()))
      .pack_bin_body(payload.data(), static_cast<std::uint32_t>(payload.size()));
}

void BrokerCore::Question::task(const Job& job, bool explain) {
  if (!arguments_.has_index || arguments_.index >= job.count)
    return say(ReplyCode::NotFound,
               "the job has tasks 0 to " + std::to_string(job.count) + ", excluding the last");
  const std::uint64_t index = arguments_.index;
  Answer answer;
  if (const SegmentState* state = job.segments.find(index)) {
    if (explain) {
      answer.packer.pack_map(2);
      answer.field("index", index).field("why", why_waiting(job, *state));
    } else {
      pack_task(answer, job, index, *state);
    }
    return say(answer);
  }
  for (const LogChunk& chunk : job.log.chunks()) {
    if (index < chunk.first || index >= chunk.first + chunk.count()) continue;
    pack_outcome(answer, chunk, static_cast<std::uint32_t>(index - chunk.first), true);
    return say(answer);
  }
  say(ReplyCode::NotFound, "the outcome was delivered and released");
}

std::string BrokerCore::Question::why_waiting(const Job& job, const SegmentState& state) const {
  const std::string ahead =
      std::to_string(job.ready_class->ready_tasks()) + " tasks wait for the same workers";
  if (state.state == TaskState::Leased) {
    const Lease& lease = *core_.leases_.find(state.token.lease);
    return std::string(state.started ? "it runs" : "it is queued or runs") + " on " +
           lease.worker->hello.name + " (" + lease.worker->hello.host + "), attempt " +
           std::to_string(state.attempt());
  }
  if (state.state == TaskState::Delayed)
    return "it waits for its time: it is delayed, or attempt " + std::to_string(state.attempt()) +
           " follows a failure after a pause";
  if (core_.roster_.all().empty()) return "no worker is connected";
  if (core_.roster_.signatures(job.spec.function).empty())
    return "no worker serves the function " + job.spec.function;
  if (job.ready_class->kinds.empty())
    return "no worker that serves " + job.spec.function + " has the queue, resources and labels asked for";
  return "all fitting workers are busy; " + ahead;
}

}  // namespace zonda
