// Jobs and tasks come in.
#include <algorithm>

#include "broker/core/amounts.h"
#include "broker/core/broker_core.h"
#include "proto/digest.h"
#include "proto/names.h"

namespace zonda {

namespace {

constexpr const char* kSetBack =
    "the last of this job is not in the broker's store, which was restored or lost it: submit it again";

constexpr const char* kGivenUp =
    "the broker no longer knows this job: nothing was heard of its client for too long, or its store was "
    "restored";

// What is wrong with a job, whoever runs it; nothing if it may run.
std::string malformation(const JobSpec& spec) {
  if (!is_name(spec.function)) return "the function's name is not [A-Za-z0-9._-]{1,128}";
  if (!spec.queue.empty() && !is_name(spec.queue)) return "the queue's name is not [A-Za-z0-9._-]{1,128}";
  if (spec.key.size() > kKeyBytesMax)
    return "the key has more than " + std::to_string(kKeyBytesMax) + " bytes";
  if (!are_amounts(spec.resources)) return "a resource is not a finite amount";
  if (std::max({spec.timeout_ms, spec.deadline_ms, spec.delay_ms}) > kDurationMsMax)
    return "a duration is longer than ten years";
  return {};
}

}  // namespace

// The store is not what it was when the client read these outcomes: a machine failed without durability
// fsync, or this is a backup, or what could be salvaged. What has been recorded since is in another order.
template <class Message>
bool BrokerCore::has_read_other(const Job& job, const Message& message) {
  return message.position > job.log.end() || !job.log.matches(message.received, message.epoch);
}

void BrokerCore::on(const OpenJob& message, Session& session, const Now& now, Effects& effects) {
  JobSpec spec = message.spec;
  spec.detached = spec.detached || !spec.key.empty();  // whoever asks with the key again wants the outcome
  if (Job* job = find_job(message.job)) {
    if (!session.holder.sees(job->client_name) || job->spec != spec ||
        (job->client != nullptr && job->client != session.client))
      return refuse_job(session, message.job, JobRefusedCode::Conflict, "another job has this id", effects);
    if (job->client == nullptr && job->client_name == session.client->share_name) {  // it was away for long
      job->client = session.client;
      session.client->jobs.insert(job->id);
    }
    if (job->client != nullptr) job->client->unclaimed.erase(job->id);
    if (message.accepted > job->count || has_read_other(*job, message)) {
      refuse_job(session, message.job, JobRefusedCode::NotFound, kSetBack, effects);
      if (job->client == session.client) disown(*job, now, effects);
      return;
    }
    add_reader(*job, session, message.position);
    // The acknowledgement itself may have been lost with the connection.
    if (job->client != nullptr)
      job->owner_acked = std::max(job->owner_acked, std::min(message.position, job->log.end()));
    release_read(*job, effects);
    return accept_later(*job, session);
  }
  if (const std::string why = malformation(spec); !why.empty())
    return refuse_job(session, message.job, JobRefusedCode::Invalid, why, effects);
  if (std::string why = signature_objection(spec); !why.empty())
    return refuse_job(session, message.job, JobRefusedCode::Signature, why, effects);
  if (message.position > 0 || message.accepted > 0)
    return refuse_job(session, message.job, JobRefusedCode::NotFound, kGivenUp, effects);
  const KeyName key{session.client->hello.name, spec.function, spec.key};
  if (const auto at = keyed_.find(key); !spec.key.empty() && at != keyed_.end()) {
    const Job* existing = find_job(at->second);
    if (existing != nullptr && existing->spec.key_digest == spec.key_digest)
      return say(session, SameJob{message.job, at->second}, effects);
    if (existing != nullptr)
      return refuse_job(session, message.job, JobRefusedCode::Conflict,
                        "the key '" + spec.key + "' was used with other arguments", effects);
  }
  if (disk_nearly_full_)
    return refuse_job(session, message.job, JobRefusedCode::Limit,
                      "the disk of the broker is nearly full: try again when there is room", effects);
  if (overhead_ >= config_.overhead_limit)
    return refuse_job(session, message.job, JobRefusedCode::Limit,
                      "the broker has " + std::to_string(jobs_.size()) +
                          " jobs, with those whose outcomes it keeps, and no memory for more: try again when "
                          "some are over or forgotten",
                      effects);
  if (!spec.key.empty()) keyed_[key] = message.job;
  Job& job = open_job(message.job, spec, session.client, session.client->share_name, now, effects);
  add_reader(job, session, 0);
  accept_later(job, session);
}

// A function is its name and its signature. Nobody serves the name: the job waits. Others serve it under
// other signatures only: that is a mistake, and both texts are told.
std::string BrokerCore::signature_objection(const JobSpec& spec) const {
  const std::vector<std::string> served = roster_.signatures(spec.function);
  if (served.empty() || spec.signature.empty()) return {};
  if (std::find(served.begin(), served.end(), spec.signature) != served.end()) return {};
  std::string others;
  for (const std::string& signature : served)
    others += (others.empty() ? "" : " and ") + spec.function + signature;
  return spec.function + spec.signature + " is served by no worker; they serve " + others;
}

Job& BrokerCore::open_job(const JobId& id, const JobSpec& spec, ClientRecord* client,
                          const std::string& client_name, const Now& now, Effects& effects) {
  const std::string scope = client == nullptr ? std::string() : client->hello.name;
  effects.records.push_back(record::Opened{id, spec, client_name, scope,
                                           client == nullptr ? JobId{} : client->hello.peer,
                                           client == nullptr ? 0 : client->hello.incarnation, now.utc});
  Job& job = add_job(id, spec, client, client_name, now.utc);
  job.scope = scope;
  return job;
}

Job& BrokerCore::add_job(const JobId& id, const JobSpec& spec, ClientRecord* client,
                         const std::string& client_name, UtcTime at) {
  Job& job = *(jobs_[id] = std::make_unique<Job>());
  job.id = id;
  job.spec = spec;
  job.age = ++jobs_opened_;
  job.client = client;
  job.client_name = client_name;
  job.share = queue_.join_share(client_name);
  job.opened_at = at;
  job.ready_class = &queue_.class_of(spec);
  if (job.ready_class->jobs++ == 0) roster_.connect(*job.ready_class);
  if (client != nullptr) client->jobs.insert(id);
  count_overhead(job);
  return job;
}

void BrokerCore::add_reader(Job& job, Session& session, std::uint64_t position) {
  const auto known = std::find_if(job.readers.begin(), job.readers.end(),
                                  [&](const Reader& reader) { return reader.session == session.number; });
  const std::uint64_t from = std::clamp(position, job.log.begin(), job.log.end());
  Reader& reader = known != job.readers.end() ? *known : job.readers.emplace_back();
  reader.session = session.number;
  reader.sent = reader.acked = from;
  measure_way(job, reader, session);
  session.reads.insert(job.id);
  deliveries_due_.insert(job.id);
  completions_due_.insert(job.id);
}

void BrokerCore::on(const Append& message, Session& session, const Now& now, Effects& effects) {
  // A batch may begin while there is credit, and reach beyond it: one larger than the window has to pass.
  const bool granted = session.received_tasks < session.granted_tasks &&
                       (session.received_bytes < session.granted_bytes || message.arguments.payloads.empty());
  session.received_tasks += message.arguments.count();
  session.received_bytes += message.arguments.payloads.size();
  Job* job = find_job_for(session, message.job);
  if (job == nullptr)
    return refuse_job(session, message.job, JobRefusedCode::NotFound, "no such job", effects);
  if (job->client != session.client)
    return refuse_job(session, message.job, JobRefusedCode::NotYours, "not your job", effects);
  if (!granted)
    return refuse_job(session, message.job, JobRefusedCode::Limit, "more was sent than was granted", effects);
  const std::uint64_t end = message.first + message.arguments.count();
  if (job->is_closed() && end > job->count) {
    if (job->cut) return accept_later(*job, session);  // it crossed the cancel on its way
    return refuse_job(session, message.job, JobRefusedCode::Conflict, "the job is closed", effects);
  }
  if (message.payload_kind != 0 || message.arguments.count() == 0 || message.first > job->count ||
      (message.first < job->count && end > job->count))
    return refuse_job(session, message.job, JobRefusedCode::Invalid,
                      "a batch does not fit where it says it belongs", effects);
  if (message.first < job->count) {
    const Batch* batch = job->find_batch(message.first);
    if (batch != nullptr && (batch->first != message.first || batch->count != message.arguments.count() ||
                             batch->digest != digest(message.arguments)))
      return refuse_job(session, message.job, JobRefusedCode::Conflict,
                        "a batch came again with other contents", effects);
    return accept_later(*job, session);
  }
  accept_tasks(*job, message.first, message.arguments, now, effects);
  accept_later(*job, session);
}

void BrokerCore::accept_tasks(Job& job, std::uint64_t first, const Column& arguments, const Now& now,
                              Effects& effects) {
  Batch batch;
  batch.first = first;
  batch.count = batch.open = arguments.count();
  batch.digest = digest(arguments);
  batch.arguments = arguments;
  batch.slab = keep(batch.arguments);
  batch.bytes = batch.slab.size();
  counters_.tasks_accepted += batch.count;
  effects.records.push_back(record::Appended{job.id, first, batch.count, batch.digest, batch.bytes, now.utc,
                                             batch.slab, batch.arguments});
  if (job.spec.deadline_ms > 0) batch.deadline = now.steady + milliseconds_of(job.spec.deadline_ms);
  const IndexRange range{first, first + batch.count};
  add_batch(job, std::move(batch));
  job.count = range.hi;
  if (job.spec.deadline_ms > 0 && !job.deadline_timer) watch_deadline(job);
  job.segments.append(range);
  put_state(job, range, SegmentState{});
  if (job.spec.delay_ms > 0) {
    SegmentState delayed;
    delayed.state = TaskState::Delayed;
    set_state(job, range, delayed);
    delay(job, range, now.steady + milliseconds_of(job.spec.delay_ms));
  }
}

void BrokerCore::on(const CloseJob& message, Session& session, const Now&, Effects& effects) {
  Job* job = find_job_for(session, message.job);
  if (job == nullptr)
    return refuse_job(session, message.job, JobRefusedCode::NotFound, "no such job", effects);
  if (job->client != session.client)
    return refuse_job(session, message.job, JobRefusedCode::NotYours, "not your job", effects);
  if (!job->is_closed()) {
    if (message.count != job->count)
      return refuse_job(session, message.job, JobRefusedCode::Invalid, "the count is not what was appended",
                        effects);
    job->state = JobState::Closed;
    effects.records.push_back(record::Closed{job->id, job->count, false});
    completions_due_.insert(job->id);
  }
  accept_for_readers(*job);
}

void BrokerCore::accept_for_readers(Job& job) {
  for (const Reader& reader : job.readers) accept_later(job, *sessions_.find(reader.session));
}

void BrokerCore::on(const Attach& message, Session& session, const Now&, Effects& effects) {
  Job* job = find_job_for(session, message.job);
  if (job == nullptr) {
    const bool is_over = std::any_of(history_.begin(), history_.end(), [&](const JobSummary& each) {
      return each.id == message.job && session.holder.sees(each.client_name);
    });
    return refuse_job(
        session, message.job, JobRefusedCode::NotFound,
        is_over ? "its outcomes were delivered and released: only detached jobs keep them" : "no such job",
        effects);
  }
  if (message.position < job->log.begin())
    return refuse_job(session, message.job, JobRefusedCode::NotFound,
                      "its first outcomes were delivered to its owner and released", effects);
  if (has_read_other(*job, message))
    return refuse_job(session, message.job, JobRefusedCode::NotFound, kSetBack, effects);
  add_reader(*job, session, message.position);
  accept_later(*job, session);
}

void BrokerCore::refuse_job(Session& session, const JobId& job, JobRefusedCode code, const std::string& text,
                            Effects& effects) {
  say(session, JobRefused{job, code, text}, effects);
}

// Bytes of memory for what comes in.
std::uint64_t BrokerCore::room() const {
  const std::uint64_t used = memory_used_ + backlog_ + sessions_.partial_bytes();
  return disk_nearly_full_ || used >= config_.memory_limit ? 0 : config_.memory_limit - used;
}

// What a client may have sent in this session, in all. It grows as its frames arrive, unless memory is short.
std::pair<std::uint64_t, std::uint64_t> BrokerCore::grant(Session& session) {
  if (session.client == nullptr) return {0, 0};
  const std::uint64_t bytes = std::min(room(), config_.client_window_bytes);
  if (bytes < full_window() / 2) starved_.insert(session.number);
  if (bytes > 0) {
    session.granted_tasks =
        std::max(session.granted_tasks, session.received_tasks + config_.client_window_tasks);
    session.granted_bytes = std::max(session.granted_bytes, session.received_bytes + bytes);
  }
  return {session.granted_tasks, session.granted_bytes};
}

}  // namespace zonda
