#include "broker/core/leases.h"

namespace zonda {

Lease& Leases::issue(Job& job, WorkerRecord& worker, IndexRange range, double task_us, TimePoint now) {
  const std::uint64_t number = ++last_number_;
  return leases_[number] = Lease{number, &job, &worker, range, range.size(), task_us, now, {}};
}

Lease& Leases::restore(std::uint64_t number, Job& job, WorkerRecord& worker, IndexRange range, double task_us,
                       TimePoint now) {
  return leases_[number] = Lease{number, &job, &worker, range, 0, task_us, now, {}};
}

Lease* Leases::find(std::uint64_t number) {
  const auto at = leases_.find(number);
  return at == leases_.end() ? nullptr : &at->second;
}

}  // namespace zonda
