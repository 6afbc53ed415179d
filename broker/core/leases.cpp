#include "broker/core/leases.h"

namespace zonda {

Lease& Leases::issue(Job& job, WorkerRecord& worker, IndexRange range, double task_us, TimePoint now) {
  const Token token{epoch_, ++last_number_};
  return leases_[token] = Lease{token, &job, &worker, range, range.size(), task_us, now, {}};
}

Lease& Leases::restore(Token token, Job& job, WorkerRecord& worker, IndexRange range, double task_us,
                       TimePoint now) {
  return leases_[token] = Lease{token, &job, &worker, range, 0, task_us, now, {}};
}

Lease* Leases::find(Token token) {
  const auto at = leases_.find(token);
  return at == leases_.end() ? nullptr : &at->second;
}

}  // namespace zonda
