// What survives the broker, behind one interface: records of a turn are committed together, and all that was
// committed comes back at the next start. Contract test: tests/contract/store_test.cpp, for every
// implementation.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "broker/core/records.h"

namespace zonda {

class Store {
 public:
  virtual ~Store() = default;

  // Takes the records of a turn and returns their number, which grows by one each time. Never blocks; commits
  // happen in this order.
  virtual std::uint64_t commit(std::vector<Record> records) = 0;
  // Everything up to this number is as safe as the store makes it.
  virtual std::uint64_t committed() const = 0;
  // Readable when committed() grew; -1 if commits are immediate.
  virtual int event_fd() const = 0;
  // What was committed and is not forgotten, in an order that can be applied: a job, its batches, its
  // outcomes.
  virtual void replay(const std::function<void(const Record&)>& apply) const = 0;
};

}  // namespace zonda
