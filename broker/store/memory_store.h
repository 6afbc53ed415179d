// A store that ends with the process. For `--memory` it keeps nothing at all, since nobody could ask for it
// later; for tests it keeps what a real store would.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "broker/store/done_tasks.h"
#include "broker/store/store.h"

namespace zonda {

enum class Keep : std::uint8_t { Nothing, Records };

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(Keep keep = Keep::Nothing) : keep_(keep) {}

  std::uint64_t commit(std::vector<Record> records) override;
  std::uint64_t committed() const override { return committed_; }
  int event_fd() const override { return -1; }
  std::string failure() const override { return {}; }
  bool is_nearly_full() const override { return false; }
  void replay(std::uint64_t payload_bytes, const std::function<void(Record&)>& apply) override;
  void read(const PayloadName& name) override;
  std::vector<Payload> take_read() override { return std::exchange(read_, {}); }

 private:
  struct Batch {
    record::Appended appended;
    std::uint64_t open = 0;  // tasks that are not done
  };
  struct Job {
    record::Opened opened;
    DoneTasks done;  // of the outcomes that were released
    std::uint64_t released = 0;
    std::uint64_t owner_read = 0;
    std::map<std::uint64_t, Batch> batches;  // by first task; those of attached jobs until they are done
    std::vector<Record> attempts;            // Attempted and Fenced
    std::deque<record::Finished> outcomes;
    std::optional<record::HandedOut> handed_out;
    std::optional<record::Closed> closed;
  };

  void keep(record::Opened& record);
  void keep(record::Appended& record);
  void keep(record::Closed& record) { jobs_.at(record.job).closed = record; }
  void keep(record::HandedOut& record) { jobs_.at(record.job).handed_out = record; }
  void keep(record::Fenced& record) { jobs_.at(record.job).attempts.emplace_back(record); }
  void keep(record::Attempted& record) { jobs_.at(record.job).attempts.emplace_back(std::move(record)); }
  void keep(record::Finished& record);
  void keep(record::Released& record);
  void keep(record::Summarised& record);
  void keep(record::Forgotten& record);
  void keep(record::Joined& record) { workers_[record.peer] = record; }
  void keep(record::Left& record) { workers_.erase(record.peer); }
  void keep(record::Stopped& record) { stopped_ = std::move(record); }
  void keep(record::Started&) {}

  Keep keep_;
  std::uint64_t committed_ = 0;
  std::map<JobId, Job> jobs_;
  std::vector<JobId> order_;  // of their opening
  std::vector<JobSummary> summaries_;
  std::map<JobId, record::Joined> workers_;
  std::optional<record::Stopped> stopped_;
  std::vector<Payload> read_;
};

}  // namespace zonda
