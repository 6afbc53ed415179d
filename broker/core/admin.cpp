// Questions and orders of people and scripts.
#include <zonda/detail/reader.h>

#include <algorithm>
#include <functional>

#include "broker/core/question.h"
#include "broker/core/status_fields.h"
#include "proto/limits.h"

namespace zonda {

namespace {
constexpr std::uint64_t kAnswerEntriesMax = 100'000;
}  // namespace

BrokerCore::Question::Arguments BrokerCore::Question::read_arguments(std::string_view bytes) {
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
    else if (key == "to")
      arguments.to = reader.text();
    else if (key == "pool")
      arguments.pool = reader.text();
    else if (key == "min")
      arguments.size.min = reader.integer<std::uint64_t>();
    else if (key == "max")
      arguments.size.max = reader.integer<std::uint64_t>();
    else if (key == "target_wait_ms")
      arguments.size.target_wait_ms = reader.integer<std::uint64_t>();
    else if (key == "limit")
      arguments.limit = std::min(reader.integer<std::uint64_t>(), kAnswerEntriesMax);
    else if (key == "index")
      arguments.index = reader.integer<std::uint64_t>(), arguments.has_index = true;
    else
      reader.skip();
  }
  return arguments;
}

void BrokerCore::on(const Query& query, Session& session, const Now& now, Effects& effects) {
  try {
    Question(*this, session, query, now, effects).answer(query.what);
  } catch (const detail::DecodeError& error) {
    say(session, Reply{query.id, ReplyCode::Usage, error.what(), true, {}}, effects);
  }
}

void BrokerCore::Question::refuse(const std::string& what) {
  if (session_.holder.role == KeyRole::Admin)
    return say(ReplyCode::Usage, "this broker does not know the question " + what);
  say(ReplyCode::NotAuthorised, "the key " + session_.holder.name + " is of the role " +
                                    std::string(to_string(session_.holder.role)) +
                                    ", which may not ask for " + what);
}

void BrokerCore::Question::status() {
  Answer answer;
  answer.packer.pack_map(kStatusFields);
  for_each_status_field(core_.snapshot(now_),
                        [&answer](const char* name, const auto& value) { answer.field(name, value); });
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

// The answer comes when the copy is there.
void BrokerCore::Question::back_up() {
  if (!core_.is_durable()) return say(ReplyCode::Refused, "this broker keeps nothing on disk");
  if (!arguments_.to.starts_with('/'))
    return say(ReplyCode::Usage, "a backup goes to a directory of the broker's machine: name its whole path");
  const bool is_other = core_.pending_backup_ && core_.pending_backup_->to != arguments_.to;
  if (is_other) return say(ReplyCode::Refused, "a backup is under way");
  // Who asked may ask again in its next session.
  if (std::exchange(core_.pending_backup_, PendingBackup{session_.number, id_, arguments_.to})) return;
  effects_.backup = arguments_.to;
}

void BrokerCore::backed_up(const std::string& error, Effects& effects) {
  const std::optional<PendingBackup> asked = std::exchange(pending_backup_, std::nullopt);
  if (!asked) return;
  event(effects,
        error.empty() ? "backed-up to=" + asked->to : "backup-failed to=" + asked->to + ": " + error);
  Session* session = sessions_.find(asked->session);
  if (session == nullptr) return;
  const ReplyCode code = error.empty() ? ReplyCode::Ok : ReplyCode::Refused;
  say(*session, Reply{asked->id, code, error, true, {}}, effects);
}

// The newest first. The state "open" is that of all that are not over.
void BrokerCore::Question::jobs() {
  const auto wanted = [&](const auto& job, bool complete) {
    if (!session_.holder.sees(job.client_name)) return false;
    if (arguments_.state == "open") return !complete;
    return arguments_.state.empty() || arguments_.state == state_name(job.state, complete, job.counts);
  };
  using Age = std::pair<UtcTime, std::uint64_t>;
  std::vector<std::pair<Age, std::function<void(Answer&)>>> found;
  for (const auto& [id, job] : core_.jobs_) {
    if (!wanted(*job, job->complete)) continue;
    found.emplace_back(Age{job->opened_at, job->age},
                       [each = job.get()](Answer& page) { pack_job(page, *each); });
  }
  for (const JobSummary& summary : core_.history_) {
    if (!wanted(summary, true)) continue;
    found.emplace_back(Age{summary.opened_at, summary.age},
                       [&summary](Answer& page) { pack_summary(page, summary); });
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  found.resize(std::min<std::size_t>(found.size(), arguments_.limit));
  say_list(found, [](Answer& page, const auto& entry) { entry.second(page); });
}

void BrokerCore::Question::about_job(const std::string& what) {
  const std::optional<JobId> id = parse_job_id(arguments_.job);
  if (!id) return say(ReplyCode::Usage, "'" + arguments_.job + "' is not a job id");
  Job* job = core_.find_job_for(session_, *id);
  if (job == nullptr) return about_past_job(*id, what);
  if (what == "job.info") {
    Answer answer;
    pack_job(answer, *job);
    return say(answer);
  }
  if (what == "job.cancel") {
    if (job->complete) return say_was_over(*job);
    core_.cancel_job(*job, now_, effects_);
    return say(ReplyCode::Ok, "");
  }
  if (what == "job.forget") {
    if (!job->complete) return say(ReplyCode::Refused, "the job is not over; cancel it first");
    core_.forget(*job, effects_);
    core_.history_.pop_back();  // its summary, too
    effects_.records.push_back(record::Forgotten{*id});
    return say(ReplyCode::Ok, "");
  }
  if (what == "job.retry") return retry(*job);
  if (what == "task.list") return tasks(*job);
  task(*job, what == "task.explain");
}

// Of a job that is gone there is a summary, for a while.
void BrokerCore::Question::about_past_job(const JobId& id, const std::string& what) {
  const auto at = std::find_if(core_.history_.begin(), core_.history_.end(), [&](const JobSummary& each) {
    return each.id == id && session_.holder.sees(each.client_name);
  });
  if (at == core_.history_.end()) return say(ReplyCode::NotFound, "no job " + arguments_.job);
  if (what == "job.info") {
    Answer answer;
    pack_summary(answer, *at);
    return say(answer);
  }
  if (what == "job.cancel") return say_was_over(*at);
  if (what == "job.forget") {
    effects_.records.push_back(record::Forgotten{id});
    core_.history_.erase(at);
    return say(ReplyCode::Ok, "");
  }
  say(ReplyCode::NotFound, "the outcomes of job " + arguments_.job +
                               " were delivered and released: only detached jobs, as of 'zonda submit', keep "
                               "them");
}

const Column* BrokerCore::Question::outcomes_of(const Job& job, const LogChunk& chunk) const {
  if (chunk.is_in_memory()) return &chunk.outcomes;
  const auto at = found_.find({job.id, PayloadName::What::Outcomes, chunk.position});
  return at == found_.end() ? nullptr : &at->second.column;
}

void BrokerCore::Question::wait_for(const std::map<PayloadName, std::uint64_t>& sizes) {
  PendingQuestion pending{session_.number,   id_, query_.what, std::string(query_.arguments), {}, {},
                          std::move(inputs_)};
  for (const auto& [name, size] : sizes) pending.missing.insert(name);
  core_.pending_questions_.push_back(std::move(pending));
  for (const auto& [name, size] : sizes) core_.read(name, size, effects_);
}

void BrokerCore::answer_with(const Payload& payload, const Now& now, Effects& effects) {
  std::vector<PendingQuestion> complete;
  for (PendingQuestion& pending : pending_questions_) {
    if (pending.missing.erase(payload.name) == 0) continue;
    pending.found[payload.name] = payload;
    if (pending.missing.empty()) complete.push_back(std::move(pending));
  }
  std::erase_if(pending_questions_, [](const PendingQuestion& each) { return each.missing.empty(); });
  for (PendingQuestion& pending : complete) {
    Session* session = sessions_.find(pending.session);
    if (session == nullptr) continue;
    const Query query{pending.id, pending.what, pending.arguments};
    Question(*this, *session, query, now, effects, pending.found, std::move(pending.inputs))
        .answer(query.what);
  }
}

}  // namespace zonda
