#include "sdk/cpp/src/job_table.h"

#include <zonda/detail/codec.h>

#include <algorithm>

#include "proto/frame.h"
#include "proto/limits.h"
#include "sdk/cpp/src/submit_job.h"
#include "sdk/cpp/src/task_reports.h"

namespace zonda {
namespace {

const char* word_for(JobRefusedCode code) {
  switch (code) {
    case JobRefusedCode::NotFound: return "not_found";
    case JobRefusedCode::Signature: return "signature";
    case JobRefusedCode::Conflict: return "conflict";
    case JobRefusedCode::Limit: return "limit";
    case JobRefusedCode::NotYours: return "not_yours";
    case JobRefusedCode::Invalid: return "invalid";
  }
  return "invalid";
}

constexpr std::uint64_t kOwnQuestions = 1ULL << 63;  // numbers of questions nobody outside asked

}  // namespace

bool JobTable::Entry::has_all() const {
  if (count) return received >= *count;
  return own && closed && !cancelled && received == appended;
}

JobTable::Entry* JobTable::find(const JobId& job) {
  const auto at = jobs_.find(job);
  return at == jobs_.end() ? nullptr : &at->second;
}

void JobTable::carry_out(Order& order) {
  std::visit([this](auto& each) { carry(each); }, order);
}

void JobTable::carry(OpenOrder& order) {
  Entry& entry = jobs_[order.job];
  entry.sink = std::move(order.sink);
  entry.own = true;
  entry.detached = order.spec.detached;
  const std::size_t bytes = encode(Header{}, OpenJob{order.job, order.spec, 0, 0}).size();
  if (bytes > kControlFrameBytesMax)
    return on_job_refused(order.job, JobRefusedCode::Limit,
                          "its options have " + std::to_string(bytes) + " bytes, at most " +
                              std::to_string(kControlFrameBytesMax) + " are taken");
  core_->open(order.job, order.spec);
}

void JobTable::carry(AttachOrder& order) {
  if (jobs_.contains(order.job) || core_->knows(order.job))
    return read_later(order.job, std::move(order.sink));
  Entry& entry = jobs_[order.job];
  entry.sink = std::move(order.sink);
  entry.received = entry.acknowledged = order.position;
  core_->attach(order.job, order.position);
}

// A job has one reader in a client: the next one begins when the first is through.
void JobTable::read_later(const JobId& job, std::shared_ptr<JobSink> sink) {
  again_.emplace_back(job, std::move(sink));
}

void JobTable::carry(AppendOrder& order) {
  if (order.futures) order.futures->adopt(std::move(order.tasks));  // resolves them if the job is over
  Entry* entry = find(order.job);
  if (entry == nullptr || !entry->own) return;
  entry->appended += order.arguments.count();
  core_->append(order.job, std::move(order.slab), order.arguments);
}

void JobTable::carry(CloseOrder& order) {
  Entry* entry = find(order.job);
  if (entry == nullptr || !entry->own) return;
  entry->closed = true;
  core_->close(order.job);
  touched_.insert(order.job);
}

// The broker ignores a cancel of tasks it does not know, so these wait until it does.
void JobTable::carry(CancelOrder& order) {
  Entry* entry = find(order.job);
  if (entry == nullptr) return;
  if (!entry->own) {
    CancelAnyOrder any{order.job};
    return carry(any);
  }
  if (order.count == 0) {
    entry->cancelled = true;
    core_->cancel(order.job, 0, 0);
  } else if (order.first + order.count <= entry->accepted) {
    core_->cancel(order.job, order.first, order.count);
  } else {
    entry->cancels.emplace_back(order.first, order.count);
  }
}

void JobTable::carry(CancelAnyOrder& order) {
  const Entry* entry = find(order.job);
  if (entry != nullptr && entry->own) {
    CancelOrder own{order.job, 0, 0};
    return carry(own);
  }
  detail::Output arguments;
  detail::Packer packer(arguments);
  packer.pack_map(1);
  packer.pack("job").pack(to_string(order.job));
  const std::uint64_t id = kOwnQuestions + ++own_questions_;
  AskOrder ask{id, "job.cancel", arguments.bytes(),
               [log = listener_.log](const Reply* reply, const TaskReport*) {
                 if (reply != nullptr && reply->code != ReplyCode::Ok)
                   log("a job could not be cancelled: " + reply->text);
               }};
  carry(ask);
}

void JobTable::carry(LeaveOrder& order) {
  std::erase_if(again_, [&](const auto& each) { return each.second.get() == order.sink; });
  Entry* entry = find(order.job);
  if (entry == nullptr || entry->sink.get() != order.sink) return;
  entry->sink = nullptr;
  if (entry->own && !entry->detached && !entry->has_all()) {
    entry->cancelled = true;  // and what comes is acknowledged, so that the broker can forget the job
    core_->cancel(order.job, 0, 0);
  }
  touched_.insert(order.job);
}

void JobTable::carry(AckOrder& order) {
  Entry* entry = find(order.job);
  if (entry == nullptr || order.position <= entry->acknowledged) return;
  entry->acknowledged = std::min(order.position, entry->received);
  core_->acknowledge(order.job, entry->acknowledged);
}

void JobTable::carry(AskOrder& order) {
  questions_[order.id] = std::move(order.on_reply);
  core_->ask(order.id, order.what, std::move(order.arguments));
}

void JobTable::carry(UnaskOrder& order) {
  questions_.erase(order.id);
  core_->unask(order.id);
}

void JobTable::on_reply(const Reply& reply) {
  const auto at = questions_.find(reply.id);
  if (at == questions_.end()) return;
  at->second(&reply, nullptr);
  if (reply.last) questions_.erase(at);
}

void JobTable::on_accepted(const JobId& job, std::uint64_t count, bool closed) {
  Entry* entry = find(job);
  if (entry == nullptr) return;
  entry->accepted = std::max(entry->accepted, count);
  if (closed) entry->count = count;
  if (entry->sink) entry->sink->on_accepted(count, closed);
  touched_.insert(job);
}

void JobTable::on_outcomes(const JobId& job, std::uint64_t position, const std::vector<OutcomeRange>& ranges,
                           ArrivedFrame& frame) {
  Entry* entry = find(job);
  if (entry == nullptr) return;
  if (entry->sink) entry->sink->on_outcomes(position, ranges, frame);
  for (const OutcomeRange& range : ranges) position += range.outcomes.count();
  entry->received = position;
  touched_.insert(job);
}

void JobTable::on_progress(const JobProgress& progress) {
  Entry* entry = find(progress.job);
  if (entry != nullptr && entry->sink) entry->sink->on_progress(progress);
}

void JobTable::on_output(const JobOutput& output) {
  Entry* entry = find(output.job);
  if (entry != nullptr && entry->sink) entry->sink->on_output(output);
}

// A job whose outcomes are all here may be unknown to the broker by now.
void JobTable::on_job_refused(const JobId& job, JobRefusedCode code, const std::string& text) {
  Entry* entry = find(job);
  if (entry == nullptr) return;
  const TaskReport failure = report_of(TaskReport::rejected, word_for(code), text);
  end(*entry, entry->has_all() ? nullptr : &failure);
  jobs_.erase(job);
}

void JobTable::on_same_job(const JobId& job, const JobId& existing) {
  Entry* entry = find(job);
  if (entry == nullptr) return;
  std::shared_ptr<JobSink> sink = std::move(entry->sink);
  jobs_.erase(job);
  if (sink) sink->on_same_job(existing);
  if (jobs_.contains(existing)) return read_later(existing, std::move(sink));
  jobs_[existing].sink = std::move(sink);  // the core attached to it
  touched_.insert(existing);
}

void JobTable::on_job_lost(const JobId& job) {
  Entry* entry = find(job);
  if (entry == nullptr) return;
  const TaskReport failure = report_of(TaskReport::lost, {}, "the broker lost its memory");
  end(*entry, entry->has_all() ? nullptr : &failure);
  jobs_.erase(job);
}

void JobTable::end(Entry& entry, const TaskReport* failure) {
  if (const std::shared_ptr<JobSink> sink = std::exchange(entry.sink, nullptr))
    sink->on_end(failure, entry.count.value_or(entry.appended));
}

void JobTable::settle() {
  for (const JobId& id : std::exchange(touched_, {})) {
    if (Entry* entry = find(id)) settle(id, *entry);
  }
}

void JobTable::settle(const JobId& id, Entry& entry) {
  std::erase_if(entry.cancels, [&](const auto& range) {
    if (range.first + range.second > entry.accepted) return false;
    core_->cancel(id, range.first, range.second);
    return true;
  });
  const bool left = entry.sink == nullptr;
  if ((left || entry.sink->acknowledges_at_once()) && entry.received > entry.acknowledged) {
    entry.acknowledged = entry.received;
    core_->acknowledge(id, entry.received);
  }
  if (entry.has_all()) end(entry, nullptr);
  // Kept until the broker said that it is closed: it may have to be told again.
  const bool over = entry.count && entry.received >= *entry.count;
  const bool stored = entry.own && entry.detached && entry.count && entry.accepted >= entry.appended;
  if (over || (left && (!entry.own || stored))) forget(id);
}

void JobTable::forget(const JobId& id) {
  Entry& entry = jobs_.at(id);
  if (entry.received > entry.acknowledged) core_->acknowledge(id, entry.received);
  core_->drop(id);
  jobs_.erase(id);
}

bool JobTable::resume() {
  bool resumed = false;
  for (auto& [job, sink] : std::exchange(again_, {})) {
    if (jobs_.contains(job) || core_->knows(job)) {
      again_.emplace_back(job, std::move(sink));
      continue;
    }
    AttachOrder order{job, 0, std::move(sink)};
    carry(order);
    resumed = true;
  }
  return resumed;
}

void JobTable::fail_all(const TaskReport& failure) {
  for (auto& [id, entry] : std::exchange(jobs_, {})) {
    end(entry, entry.has_all() ? nullptr : &failure);
    if (entry.own && !entry.detached && !entry.has_all()) core_->cancel(id, 0, 0);
    core_->drop(id);
  }
  for (auto& [job, sink] : std::exchange(again_, {})) {
    if (sink) sink->on_end(&failure, 0);
  }
  for (auto& [id, on_reply] : std::exchange(questions_, {})) {
    core_->unask(id);
    on_reply(nullptr, &failure);
  }
}

std::uint64_t JobTable::detached_unaccepted() const {
  return static_cast<std::uint64_t>(std::count_if(jobs_.begin(), jobs_.end(), [](const auto& each) {
    const Entry& entry = each.second;
    return entry.own && entry.detached && (entry.accepted < entry.appended || (entry.closed && !entry.count));
  }));
}

}  // namespace zonda
