#include "sdk/cpp/core/client_core.h"

#include <algorithm>
#include <utility>

#include "proto/assert.h"

namespace zonda {

ClientCore::ClientCore(Hello hello, std::uint64_t seed, ClientListener& listener)
    : session_(std::move(hello), seed), listener_(listener) {}

ClientCore::Job* ClientCore::find(const JobId& id) {
  const auto at = jobs_.find(id);
  return at == jobs_.end() ? nullptr : &at->second;
}

void ClientCore::open(const JobId& id, const JobSpec& spec) {
  Job& job = jobs_[id];
  job.own = true;
  job.spec = spec;
  dirty_.insert(id);
}

void ClientCore::append(const JobId& id, Slab slab, Column arguments) {
  Job* job = find(id);
  if (job == nullptr || job->closed) return;  // it was refused or cancelled meanwhile
  unaccepted_bytes_ += arguments.payloads.size();
  unaccepted_tasks_ += arguments.count();
  if (job->sent == job->count) unsent_.push_back(id);
  job->batches.push_back({job->count, std::move(slab), arguments});
  job->count += arguments.count();
}

void ClientCore::close(const JobId& id) {
  Job* job = find(id);
  if (job == nullptr) return;
  job->closed = true;
  dirty_.insert(id);
}

void ClientCore::cancel(const JobId& id, std::uint64_t first, std::uint64_t count) {
  Job* job = find(id);
  if (job == nullptr) return;
  job->cancels.emplace_back(first, count);
  dirty_.insert(id);
  if (count > 0 || !job->own) return;
  // The whole job: it is closed by that, with what was sent so far.
  job->cancelled = job->closed = job->close_sent = true;
  while (!job->batches.empty() && job->batches.back().first >= job->sent) {
    unaccepted_bytes_ -= job->batches.back().arguments.payloads.size();
    unaccepted_tasks_ -= job->batches.back().arguments.count();
    job->batches.pop_back();
  }
  job->count = job->sent;
}

// One of our own that we had left stays our own: what was said of it last may have to be said again.
void ClientCore::attach(const JobId& id, std::uint64_t position) {
  jobs_.insert(leaving_.extract(id));
  Job& job = jobs_[id];
  job.dropped = false;
  job.introduced = false;
  job.received = job.acknowledged = job.ack_sent = position;
  job.epoch = 0;
  dirty_.insert(id);
}

void ClientCore::acknowledge(const JobId& id, std::uint64_t position) {
  Job* job = find(id);
  if (job == nullptr) return;
  ZONDA_ASSERT(position <= job->received);
  job->acknowledged = std::max(job->acknowledged, position);
  dirty_.insert(id);
}

void ClientCore::drop(const JobId& id) {
  Job* job = find(id);
  if (job == nullptr) return;
  forget_batches(*job);
  if (store_ == JobId{}) {  // no broker has heard of it
    dirty_.erase(id);
    jobs_.erase(id);
    return;
  }
  job->count = job->sent;
  job->dropped = true;  // after its last acknowledgement was said
  dirty_.insert(id);
}

void ClientCore::unask(std::uint64_t id) {
  questions_.erase(id);
  questions_unsent_.erase(id);
}

void ClientCore::ask(std::uint64_t id, const std::string& what, std::string arguments) {
  questions_[id] = {what, std::move(arguments)};
  questions_unsent_.insert(id);
}

void ClientCore::goodbye(TimePoint now, PeerEffects& effects) { session_.say(Goodbye{}, now, effects); }

void ClientCore::ask_whether_obeyed(TimePoint now, PeerEffects& effects) {
  session_.say(Heartbeat{0, true}, now, effects);
}

void ClientCore::handle(ArrivedFrame frame, TimePoint now, PeerEffects& effects) {
  switch (session_.handle(frame.bytes(), now, effects)) {
    case PeerSession::Event::Nothing: return;
    case PeerSession::Event::Opened: return on_opened(now, effects);
    case PeerSession::Event::Refused: return listener_.on_refused(session_.refusal());
    case PeerSession::Event::Arrived: return on_message(session_.message(), frame, now, effects);
  }
}

// Everything that matters is said again: our jobs and how far we read them, what was not accepted, open
// questions.
void ClientCore::on_opened(TimePoint, PeerEffects&) {
  const Welcome& welcome = session_.welcome();
  used_tasks_ = used_bytes_ = 0;
  last_order_ = 0;
  credit_tasks_ = session_.header().credit_tasks;
  credit_bytes_ = session_.header().credit_bytes;
  unsent_.clear();
  dirty_.clear();
  jobs_.merge(leaving_);  // what was said of them last may not have arrived
  leaving_.clear();
  left_.clear();
  std::vector<JobId> lost;
  for (auto& [id, job] : jobs_) {
    if (store_ != JobId{} && store_ != welcome.store && (job.accepted > 0 || !job.own)) lost.push_back(id);
    job.introduced = false;
    if (job.cancelled) {  // not said again: that it is cancelled must not wait for credit
      forget_batches(job);
      job.count = job.accepted;
    }
    job.sent = job.accepted;
    job.close_sent = job.cancelled;
    job.cancels_sent = 0;
    job.ack_sent = job.acknowledged;
    dirty_.insert(id);
    if (job.sent < job.count) unsent_.push_back(id);
  }
  for (const auto& [id, question] : questions_) questions_unsent_.insert(id);
  store_ = welcome.store;
  listener_.on_connected(welcome);
  for (const JobId& id : lost) {
    if (!jobs_.at(id).dropped) listener_.on_job_lost(id);
    forget_batches(jobs_.at(id));
    jobs_.erase(id);
    dirty_.erase(id);
  }
}

void ClientCore::on_message(Message& message, ArrivedFrame& frame, TimePoint, PeerEffects&) {
  credit_tasks_ = std::max(credit_tasks_, session_.header().credit_tasks);
  credit_bytes_ = std::max(credit_bytes_, session_.header().credit_bytes);
  forget_leaving(session_.header().ack);
  if (const auto* accepted = std::get_if<Accepted>(&message)) return on(*accepted);
  if (const auto* outcomes = std::get_if<Outcomes>(&message)) return on(*outcomes, frame);
  if (const auto* refused = std::get_if<JobRefused>(&message)) return on(*refused);
  if (const auto* same = std::get_if<SameJob>(&message)) return on(*same);
  if (const auto* progress = std::get_if<JobProgress>(&message)) return listener_.on_progress(*progress);
  if (const auto* output = std::get_if<JobOutput>(&message)) return listener_.on_output(*output);
  if (const auto* reply = std::get_if<Reply>(&message)) return on(*reply);
}

void ClientCore::on(const Accepted& accepted) {
  Job* job = find(accepted.job);
  if (job == nullptr) return;
  if (job->own && job->cancelled && accepted.closed) job->count = std::max(job->count, accepted.count);
  if (job->own && accepted.count > job->accepted && accepted.count <= job->count) {
    job->accepted = accepted.count;
    while (!job->batches.empty() && job->batches.front().first < accepted.count) {
      unaccepted_bytes_ -= job->batches.front().arguments.payloads.size();
      unaccepted_tasks_ -= job->batches.front().arguments.count();
      job->batches.pop_front();
    }
    job->sent = std::max(job->sent, job->accepted);
    dirty_.insert(accepted.job);  // there may be something to say that waited for that
  }
  if (job->own && accepted.closed && accepted.count < job->count) {  // it ended before all of it was accepted
    forget_batches(*job);
    job->count = job->sent = accepted.count;
    job->closed = job->close_sent = true;
  }
  listener_.on_accepted(accepted.job, accepted.count, accepted.closed);
}

void ClientCore::forget_batches(Job& job) {
  for (const Batch& batch : job.batches) {
    unaccepted_bytes_ -= batch.arguments.payloads.size();
    unaccepted_tasks_ -= batch.arguments.count();
  }
  job.batches.clear();
}

void ClientCore::on(const JobRefused& refused) {
  Job* job = find(refused.job);
  if (job == nullptr) return;
  // A job may be over, and forgotten, before we hear of it: then all that we acknowledged is all there was.
  const bool read = job->own && job->closed && job->accepted == job->count && job->received == job->count;
  const bool over = (job->cancelled || read) && refused.code == JobRefusedCode::NotFound;
  const std::uint64_t received = job->received;
  forget_batches(*job);
  dirty_.erase(refused.job);
  jobs_.erase(refused.job);
  if (over) return listener_.on_accepted(refused.job, received, true);
  listener_.on_job_refused(refused.job, refused.code, refused.text);
}

// The key names an earlier job: its outcomes are read instead.
void ClientCore::on(const SameJob& same) {
  Job* job = find(same.job);
  if (job == nullptr) return;
  forget_batches(*job);
  dirty_.erase(same.job);
  jobs_.erase(same.job);
  const Job* existing = find(same.existing);
  if (existing == nullptr || existing->dropped) attach(same.existing, 0);  // else it is being read
  listener_.on_same_job(same.job, same.existing);
}

void ClientCore::on(const Outcomes& outcomes, ArrivedFrame& frame) {
  Job* job = find(outcomes.job);
  if (job == nullptr || job->dropped || outcomes.position > job->received) return;
  std::uint64_t position = outcomes.position;
  std::vector<OutcomeRange> fresh;
  for (const OutcomeRange& range : outcomes.ranges) {
    const std::uint64_t end = position + range.outcomes.count();
    if (end > job->received) {
      const auto known = static_cast<std::uint32_t>(job->received - std::min(position, job->received));
      const std::uint32_t seen = position < job->received ? known : 0;
      fresh.push_back(range);
      if (seen > 0) {
        fresh.back().first += seen;
        fresh.back().kinds = range.kinds.empty() ? range.kinds : range.kinds.substr(seen);
        fresh.back().outcomes = range.outcomes.slice(seen, range.outcomes.count() - seen);
      }
    }
    position = end;
  }
  if (fresh.empty()) return;
  const std::uint64_t from = job->received;
  job->received = position;
  job->epoch = fresh.back().epoch;
  listener_.on_outcomes(outcomes.job, from, fresh, frame);
}

void ClientCore::on(const Reply& reply) {
  if (!questions_.contains(reply.id)) return;
  if (reply.last) questions_.erase(reply.id);
  listener_.on_reply(reply);
}

// The broker has read our frames up to this one.
void ClientCore::forget_leaving(std::uint64_t read) {
  for (; !left_.empty(); left_.pop_front()) {
    const auto at = leaving_.find(left_.front());
    if (at == leaving_.end()) continue;
    if (at->second.left_at > read) return;
    leaving_.erase(at);
  }
}

bool ClientCore::has_more() const {
  return session_.is_open() && (!dirty_.empty() || (!unsent_.empty() && has_credit()));
}

void ClientCore::settle(TimePoint now, PeerEffects& effects, std::size_t frames_max) {
  session_.tick(now, effects);
  const std::vector<OutputRoom> rooms = std::exchange(output_rooms_, {});
  if (!session_.is_open()) return;
  for (const OutputRoom& room : rooms) session_.say(room, now, effects);
  for (const std::uint64_t id : std::exchange(questions_unsent_, {})) {
    if (const auto at = questions_.find(id); at != questions_.end())
      session_.say(Query{id, at->second.what, at->second.arguments}, now, effects);
  }
  send_rest(now, effects, frames_max);
  send_appends(now, effects, frames_max);
  send_rest(now, effects, frames_max);
}

// It is of no interest, but its last acknowledgement and its cancelling must arrive: they are said again in a
// new session, until the broker has read them.
void ClientCore::leave(const JobId& id, Job& job, TimePoint now, PeerEffects& effects) {
  if (!job.own || job.spec.detached) session_.say(OutcomeAck{id, kReadsNoMore}, now, effects);
  last_order_ = session_.last_said();
  if (!job.own) return void(jobs_.erase(id));
  job.count = job.sent = job.accepted;
  job.left_at = session_.last_said();
  leaving_.insert(jobs_.extract(id));
  left_.push_back(id);
}

void ClientCore::introduce(const JobId& id, Job& job, TimePoint now, PeerEffects& effects) {
  if (std::exchange(job.introduced, true)) return;
  if (job.own)
    session_.say(OpenJob{id, job.spec, job.acknowledged, job.accepted, job.received, job.epoch}, now,
                 effects);
  else
    session_.say(Attach{id, job.acknowledged, job.received, job.epoch}, now, effects);
}

// Batches go out as credit allows, a batch of each job in turn.
void ClientCore::send_appends(TimePoint now, PeerEffects& effects, std::size_t frames_max) {
  while (!unsent_.empty() && has_credit() && effects.frames.size() < frames_max) {
    const JobId id = unsent_.front();
    unsent_.pop_front();
    Job* job = find(id);
    if (job == nullptr || job->dropped || job->sent == job->count) continue;  // or accepted already
    introduce(id, *job, now, effects);
    const auto batch =
        std::lower_bound(job->batches.begin(), job->batches.end(), job->sent,
                         [](const Batch& each, std::uint64_t sent) { return each.first < sent; });
    ZONDA_ASSERT(batch != job->batches.end() && batch->first == job->sent);
    session_.say(Append{id, batch->first, 0, batch->arguments}, now, effects);
    used_tasks_ += batch->arguments.count();
    used_bytes_ += batch->arguments.payloads.size();
    job->sent += batch->arguments.count();
    if (job->sent < job->count) unsent_.push_back(id);
    dirty_.insert(id);  // it may be to be closed
  }
}

void ClientCore::send_rest(TimePoint now, PeerEffects& effects, std::size_t frames_max) {
  for (; !dirty_.empty() && effects.frames.size() < frames_max; dirty_.erase(dirty_.begin())) {
    const JobId id = *dirty_.begin();
    Job* job = find(id);
    if (job == nullptr) continue;
    introduce(id, *job, now, effects);
    for (; job->cancels_sent < job->cancels.size(); ++job->cancels_sent) {
      const auto [first, count] = job->cancels[job->cancels_sent];
      if (!job->can_cancel(first, count)) break;
      session_.say(Cancel{id, first, count}, now, effects);
      last_order_ = session_.last_said();
    }
    if (job->own && job->closed && !job->close_sent && job->sent == job->count) {
      session_.say(CloseJob{id, job->count}, now, effects);
      last_order_ = session_.last_said();
      job->close_sent = true;
    }
    if (job->acknowledged > job->ack_sent) {
      session_.say(OutcomeAck{id, job->acknowledged}, now, effects);
      job->ack_sent = job->acknowledged;
    }
    if (job->dropped) leave(id, *job, now, effects);
  }
}

}  // namespace zonda
