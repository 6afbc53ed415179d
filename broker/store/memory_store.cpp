#include "broker/store/memory_store.h"

#include <algorithm>

namespace zonda {

std::uint64_t MemoryStore::commit(std::vector<Record> records) {
  if (keep_ == Keep::Records) {
    for (Record& each : records) keep(each);
  }
  return ++committed_;
}

void MemoryStore::keep(Record& any) {
  std::visit(
      [&]<class T>(T& record) {
        if constexpr (std::is_same_v<T, record::Opened>) {
          order_.push_back(record.job);
          jobs_[record.job].opened = std::move(record);
        } else if constexpr (std::is_same_v<T, record::Appended>) {
          jobs_[record.job].batches.push_back(std::move(record));
        } else if constexpr (std::is_same_v<T, record::Closed>) {
          jobs_[record.job].closed.push_back(record);
        } else if constexpr (std::is_same_v<T, record::Finished>) {
          jobs_[record.job].outcomes.push_back(std::move(record));
        } else if constexpr (std::is_same_v<T, record::Released>) {
          Job& job = jobs_[record.job];
          job.released = std::max(job.released, record.position);
          std::erase_if(job.outcomes, [&](const record::Finished& each) {
            return each.position + each.outcomes.count() <= job.released;
          });
        } else {
          jobs_.erase(record.job);
          std::erase(order_, record.job);
        }
      },
      any);
}

void MemoryStore::replay(const std::function<void(const Record&)>& apply) const {
  for (const JobId& id : order_) {
    const Job& job = jobs_.at(id);
    apply(job.opened);
    for (const record::Appended& batch : job.batches) apply(batch);
    for (const record::Closed& closed : job.closed) apply(closed);
    for (const record::Finished& outcome : job.outcomes) apply(outcome);
    if (job.released > 0) apply(record::Released{id, job.released});
  }
}

}  // namespace zonda
