#include "broker/store/memory_store.h"

#include <algorithm>

namespace zonda {

std::uint64_t MemoryStore::commit(std::vector<Record> records) {
  if (keep_ == Keep::Records && !records.empty()) {
    stopped_.reset();
    for (Record& each : records) std::visit([&](auto& record) { keep(record); }, each);
  }
  return ++committed_;
}

void MemoryStore::keep(record::Opened& record) {
  order_.push_back(record.job);
  jobs_[record.job].opened = std::move(record);
}

void MemoryStore::keep(record::Appended& record) {
  Batch& batch = jobs_.at(record.job).batches[record.first];
  batch.open = record.count;
  batch.appended = std::move(record);
}

void MemoryStore::keep(record::Finished& record) {
  Job& job = jobs_.at(record.job);
  for (std::uint64_t first = record.first; first < record.first + record.count;) {
    const auto batch = std::prev(job.batches.upper_bound(first));
    const std::uint64_t end =
        std::min(record.first + record.count, batch->first + batch->second.appended.count);
    batch->second.open -= end - first;
    if (batch->second.open == 0 && !job.opened.spec.detached) job.batches.erase(batch);
    first = end;
  }
  job.outcomes.push_back(std::move(record));
}

void MemoryStore::keep(record::Released& record) {
  Job& job = jobs_.at(record.job);
  job.released = std::max(job.released, record.position);
  job.owner_read = std::max(job.owner_read, record.owner_read);
  while (!job.outcomes.empty() &&
         job.outcomes.front().position + job.outcomes.front().count <= job.released) {
    const record::Finished& gone = job.outcomes.front();
    job.done.add({gone.first, gone.first + gone.count}, gone.kinds);
    job.outcomes.pop_front();
  }
}

void MemoryStore::keep(record::Summarised& record) {
  jobs_.erase(record.summary.id);
  std::erase(order_, record.summary.id);
  summaries_.push_back(std::move(record.summary));
}

void MemoryStore::keep(record::Forgotten& record) {
  jobs_.erase(record.job);
  std::erase(order_, record.job);
  std::erase_if(summaries_, [&](const JobSummary& each) { return each.id == record.job; });
}

void MemoryStore::replay(std::uint64_t payload_bytes, const std::function<void(Record&)>& apply) {
  const auto say = [&](Record record) { apply(record); };
  const auto say_with_payload = [&](auto record, auto... fields) {
    if (record.bytes > payload_bytes) {
      record.slab = {};
      ((record.*fields = {}), ...);
    }
    payload_bytes -= std::min(payload_bytes, record.bytes);
    say(std::move(record));
  };
  for (const JobId& id : order_) {
    const Job& job = jobs_.at(id);
    say(job.opened);
    if (job.released > 0 || job.owner_read > 0)
      say(record::Released{id, job.released, job.done.ranges(), job.done.kinds(), job.owner_read});
    for (const auto& [first, batch] : job.batches)
      say_with_payload(batch.appended, &record::Appended::arguments);
    for (const Record& attempt : job.attempts) say(attempt);
    for (const record::Finished& outcome : job.outcomes)
      say_with_payload(outcome, &record::Finished::outcomes);
    if (job.handed_out) say(*job.handed_out);
    if (job.closed) say(*job.closed);
  }
  for (const JobSummary& summary : summaries_) say(record::Summarised{summary});
  for (const auto& [peer, worker] : workers_) say(worker);
  if (stopped_) say(*stopped_);
}

void MemoryStore::read(const PayloadName& name) {
  Payload payload{name, {}, {}, {}};
  if (const auto at = jobs_.find(name.job); at != jobs_.end()) {
    Job& job = at->second;
    if (name.what == PayloadName::What::Arguments) {
      if (const auto batch = job.batches.find(name.place); batch != job.batches.end())
        payload = {name, batch->second.appended.slab, {}, batch->second.appended.arguments};
    } else {
      for (const record::Finished& each : job.outcomes) {
        if (each.position == name.place) payload = {name, each.slab, each.kinds, each.outcomes};
      }
    }
  }
  read_.push_back(std::move(payload));
}

}  // namespace zonda
