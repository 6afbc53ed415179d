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
  count_overhead(job);
}

// The same of what was appended to the job's log.
void BrokerCore::keep_last_outcomes(Job& job) {
  const LogChunk& last = job.log.chunks().back();
  if (!last.is_in_memory() || !has_room(last.bytes)) job.log.drop_last_payload();
  memory_used_ += last.slab.size();
  count_overhead(job);
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

// How many of a batch's tasks wait for a worker with their arguments in memory.
void BrokerCore::count_waiting(Job& job, IndexRange part, std::int32_t change) {
  while (is_durable() && part.lo < part.hi) {
    Batch& batch = job.batch_of(part.lo);
    const std::uint64_t end = std::min(part.hi, batch.first + batch.count);
    batch.waits += static_cast<std::uint32_t>(end - part.lo) * static_cast<std::uint32_t>(change);
    part.lo = end;
  }
}

// Of a batch that was handed out the arguments are only needed if something of it comes back.
void BrokerCore::drop_handed_out(Job& job, Batch& batch) {
  if (!is_durable() || batch.waits > 0 || batch.slab.size() == 0 || has_room(0)) return;
  memory_used_ -= batch.slab.size();
  batch.arguments = {};
  batch.slab = {};
  job.absent.insert(batch.first);
}

// After every change of the job's ready tasks: few are left, and there are more in the store.
void BrokerCore::want_page(const Job& job) {
  if (job.counts.stored == 0 || job.counts.ready >= kReadyMin || job.loading || job.held) return;
  job.ready_class->pages.insert({-std::int64_t{job.spec.priority}, job.age, job.id});
  pages_wanted_.emplace(job.ready_class->number(), job.ready_class);
}

void BrokerCore::want_no_page(const Job& job) {
  ReadyClass& ready_class = *job.ready_class;
  ready_class.pages.erase({-std::int64_t{job.spec.priority}, job.age, job.id});
  if (ready_class.pages.empty()) pages_wanted_.erase(ready_class.number());
}

// Workers stand by for it, and nothing that they could be given is in memory or on its way there.
bool BrokerCore::starves(const ReadyClass& ready_class) {
  return ready_class.ready_tasks() == 0 && ready_class.loading == 0 &&
         std::any_of(ready_class.kinds.begin(), ready_class.kinds.end(),
                     [](const WorkerKind* kind) { return !kind->idle.empty(); });
}

// Reads as much as fits, the most urgent first, of what somebody serves; and for workers that would have
// nothing to do otherwise, something in any case: what fills the memory may be tasks that nobody can run.
void BrokerCore::read_pages(Effects& effects) {
  const auto fits = [&] { return memory_used_ + loading_bytes_ < config_.memory_limit / 4 * 3; };
  while (fits()) {
    ReadyClass* urgent = nullptr;
    for (const auto& [number, each] : pages_wanted_) {
      if (!each->kinds.empty() && (urgent == nullptr || *each->pages.begin() < *urgent->pages.begin()))
        urgent = each;
    }
    if (urgent == nullptr) break;
    read_page(*urgent, effects);
  }
  std::vector<ReadyClass*> starving;
  for (const auto& [number, each] : pages_wanted_) {
    if (starves(*each)) starving.push_back(each);
  }
  for (ReadyClass* each : starving) read_page(*each, effects);
}

// One page of the class's most urgent job.
void BrokerCore::read_page(ReadyClass& ready_class, Effects& effects) {
  Job& job = *find_job(ready_class.pages.begin()->job);
  want_no_page(job);
  const std::optional<IndexRange> stored = job.segments.first_stored();
  if (!stored) return;
  job.loading = true;
  ++ready_class.loading;
  const Batch& batch = job.batch_of(stored->lo);
  read({job.id, PayloadName::What::Arguments, batch.first}, batch.bytes, effects);
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
  if (std::exchange(job.loading, false)) --job.ready_class->loading;
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
    say_outcomes(job, reader, session, message, effects);
  }
  deliveries_due_.insert(job.id);
}

}  // namespace zonda
