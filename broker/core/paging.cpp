// Payloads beyond the memory budget are in the store only: arguments are read back shortly before their tasks
// are handed out, outcomes when somebody reads them.
#include <algorithm>

#include "broker/core/broker_core.h"

namespace zonda {

namespace {
constexpr std::uint64_t kReadyMin = 8'192;  // tasks of a job that should be in memory before they are needed
}  // namespace

// What comes in stays in memory up to half of the budget; the rest is for what was read back.
bool BrokerCore::has_room(std::uint64_t bytes) const {
  return !is_durable() || memory_used_ + bytes <= config_.memory_limit / 2;
}

// The batch is the job's last; its arguments stay in memory if there is room.
void BrokerCore::add_batch(Job& job, Batch batch) {
  if (!has_room(batch.bytes)) {
    batch.arguments = {};
    batch.slab = {};
  }
  if (batch.open > 0 && batch.slab.size() == 0) job.absent.insert(batch.first);
  memory_used_ += batch.slab.size();
  job.batches.push_back(std::move(batch));
}

// The same of what was appended to the job's log.
void BrokerCore::keep_last_outcomes(Job& job) {
  const LogChunk& last = job.log.chunks().back();
  if (!last.is_in_memory() || !has_room(last.bytes)) job.log.drop_last_payload();
  memory_used_ += last.slab.size();
}

// Ready tasks of batches that are not in memory are Stored, and so are suspects. Calls f(part, state) for the
// parts of a range.
template <class F>
void BrokerCore::by_residence(Job& job, IndexRange range, const SegmentState& state, F&& f) {
  const bool waits = state.state == TaskState::Ready || state.state == TaskState::Suspect;
  if (!waits || job.absent.empty()) return f(range, state);
  while (range.lo < range.hi) {
    const Batch& batch = job.batch_of(range.lo);
    const IndexRange part{range.lo, std::min(range.hi, batch.first + batch.count)};
    SegmentState its = state;
    if (job.absent.contains(batch.first)) its.state = TaskState::Stored;
    f(part, its);
    range.lo = part.hi;
  }
}

void BrokerCore::put_state(Job& job, IndexRange range, const SegmentState& wanted) {
  by_residence(job, range, wanted, [&](IndexRange part, const SegmentState& state) {
    job.segments.put(part, state);
    count_in(job, part, state.state);
  });
}

// After every change of the job's ready tasks: few are left, and there are more in the store.
void BrokerCore::want_page(const Job& job) {
  if (job.counts.stored > 0 && job.counts.ready < kReadyMin && !job.loading && !job.held)
    pages_wanted_.insert({-std::int64_t{job.spec.priority}, job.age, job.id});
}

// Reads as much as fits, the most urgent first; and something in any case, if nothing else is there to do.
void BrokerCore::read_pages(Effects& effects) {
  while (!pages_wanted_.empty()) {
    const bool fits = memory_used_ + loading_bytes_ < config_.memory_limit / 4 * 3;
    const bool idle = queue_.ready_tasks() == 0 && loading_.empty();
    if (!fits && !idle) return;
    const Page page = *pages_wanted_.begin();
    pages_wanted_.erase(pages_wanted_.begin());
    Job* job = find_job(page.job);
    if (job == nullptr || job->absent.empty() || job->counts.stored == 0) continue;
    job->loading = true;
    const Batch& batch = job->batch_of(*job->absent.begin());
    read({job->id, PayloadName::What::Arguments, batch.first}, batch.bytes, effects);
  }
}

void BrokerCore::read(const PayloadName& name, std::uint64_t bytes, Effects& effects) {
  if (!loading_.emplace(name, bytes).second) return;
  loading_bytes_ += bytes;
  effects.reads.push_back(name);
}

void BrokerCore::loaded(const Payload& payload, const Now& now, Effects& effects) {
  const auto expected = loading_.find(payload.name);
  if (expected == loading_.end()) return;
  loading_bytes_ -= expected->second;
  loading_.erase(expected);
  answer_with(payload, now, effects);
  Job* job = find_job(payload.name.job);
  if (job == nullptr) return;  // forgotten meanwhile
  if (payload.name.what == PayloadName::What::Arguments)
    loaded_arguments(*job, payload);
  else if (payload.slab.size() > 0)  // else they were released meanwhile
    loaded_outcomes(*job, payload, effects);
}

void BrokerCore::loaded_arguments(Job& job, const Payload& payload) {
  job.loading = false;
  if (job.absent.erase(payload.name.place) == 0) return want_page(job);  // done, or it was for a question
  Batch& batch = job.batch_of(payload.name.place);
  batch.slab = payload.slab;
  batch.arguments = payload.column;
  memory_used_ += batch.slab.size();
  const auto is_stored = [](const SegmentState& state) { return state.state == TaskState::Stored; };
  for (auto& [part, state] : job.segments.parts({batch.first, batch.first + batch.count}, is_stored)) {
    state.state = state.waiting();
    set_state(job, part, state);
  }
  want_page(job);
}

// Whoever waits for just these outcomes gets them; they do not stay in memory.
void BrokerCore::loaded_outcomes(Job& job, const Payload& payload, Effects& effects) {
  if (payload.name.place < job.log.begin() || payload.name.place >= job.log.end()) return;
  LogChunk chunk = job.log.at(payload.name.place);
  if (chunk.position != payload.name.place) return;
  chunk.slab = payload.slab;
  chunk.kinds = payload.kinds;
  chunk.outcomes = payload.column;
  for (Reader& reader : job.readers) {
    if (reader.sent < chunk.position || reader.sent >= chunk.end()) continue;
    Session& session = *sessions_.find(reader.session);
    if (!may_send(reader, session)) continue;
    Outcomes message{job.id, reader.sent, {range_of(chunk, reader.sent)}};
    reader.sent = chunk.end();
    measure_way(job, reader, session);
    say(session, message, effects);
  }
  deliveries_due_.insert(job.id);
}

}  // namespace zonda
