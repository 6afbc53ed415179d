// A store that ends with the process. For `--memory` it keeps nothing at all, since nobody could ask for it
// later; for tests it keeps what a real store would.
#pragma once

#include <map>

#include "broker/store/store.h"

namespace zonda {

enum class Keep : std::uint8_t { Nothing, Records };

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(Keep keep = Keep::Nothing) : keep_(keep) {}

  std::uint64_t commit(std::vector<Record> records) override;
  std::uint64_t committed() const override { return committed_; }
  int event_fd() const override { return -1; }
  void replay(const std::function<void(const Record&)>& apply) const override;

 private:
  struct Job {
    record::Opened opened;
    std::vector<record::Appended> batches;
    std::vector<record::Closed> closed;
    std::vector<record::Finished> outcomes;
    std::uint64_t released = 0;
  };

  void keep(Record& record);

  Keep keep_;
  std::uint64_t committed_ = 0;
  std::map<JobId, Job> jobs_;
  std::vector<JobId> order_;  // of their opening
};

}  // namespace zonda
