// A store in a directory. A thread of its own writes what was committed since it last looked, all of it in
// one transaction: the next one fills while the disk is busy with this one.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "broker/store/data_directory.h"
#include "broker/store/store.h"
#include "broker/store/store_backup.h"
#include "broker/store/store_file.h"
#include "proto/wire/wake.h"

namespace zonda {

class SqliteStore final : public Store {
 public:
  // Makes the store if `directory` has none; checks it if it has one, and begins an epoch, which is on disk
  // when this returns. Throws StoreError (a std::runtime_error) with a sentence that names what is damaged or
  // missing, and then nothing was changed.
  static std::unique_ptr<SqliteStore> open(DataDirectory directory, const StoreOptions& options = {});
  ~SqliteStore() override;  // everything committed is written first, unless there was a failure

  const JobId& id() const { return id_; }                          // of the store, for life
  std::uint64_t epoch() const { return epoch_; }                   // grows by one at each open
  std::chrono::nanoseconds downtime() const { return downtime_; }  // of the last broker; 0: there was none
  const std::string& path() const { return path_; }

  std::uint64_t commit(std::vector<Record> records) override;
  std::uint64_t committed() const override;
  int event_fd() const override { return wake_.descriptor(); }
  std::string failure() const override;
  bool is_nearly_full() const override;
  void replay(std::uint64_t payload_bytes, const std::function<void(Record&)>& apply) override;
  void read(const PayloadName& name) override;
  std::vector<Payload> take_read() override;
  void backup_to(const std::string& directory) override;
  std::optional<std::string> take_backup() override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Commit {
    std::uint64_t number;
    std::vector<Record> records;
  };
  struct Work {
    std::vector<Commit> commits;
    std::vector<PayloadName> reads;
  };

  SqliteStore(DataDirectory directory, const StoreOptions& options, bool is_new);

  void run();        // the store thread
  bool work_once();  // false: the store is closed
  Work take_work(std::unique_lock<std::mutex>& lock);
  void write(const Work& work);
  void serve_reads(const std::vector<PayloadName>& names);
  void copy_some();
  void end_backup(const std::string& error);
  void upkeep();
  void publish(std::uint64_t number);
  void fail(const std::string& sentence);
  void tell(std::uint8_t what);         // the loop's thread: this changed
  void heard(std::uint8_t what) const;  // it looked
  Clock::time_point next_upkeep() const;
  void look_at_room();

  const Durability durability_;
  std::string path_;
  StoreFile file_;  // under file_mutex_
  std::mutex file_mutex_;
  const JobId id_;
  const std::uint64_t epoch_;
  const std::chrono::nanoseconds downtime_;

  // Between the threads.
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Commit> queue_;
  struct Read {
    std::uint64_t after;  // number of the last commit before it
    PayloadName name;
  };
  std::deque<Read> reads_;
  std::vector<Payload> read_;
  std::string failure_;
  std::string backup_wanted_;             // where to
  std::optional<std::string> backed_up_;  // how it ended
  bool closing_ = false;
  std::uint64_t last_ = 0;  // number that was given
  std::atomic<std::uint64_t> committed_;
  std::atomic<bool> nearly_full_{false};
  std::atomic<bool> interrupted_{false};  // nobody waits for a copy any more
  Wake wake_;
  mutable std::mutex told_mutex_;
  mutable std::atomic<std::uint8_t> told_{
      0};  // what changed and was not looked at; with none, wake_ is drained

  // Of the store thread.
  Clock::time_point touched_;
  Clock::time_point looked_;
  std::uint64_t written_bytes_ = 0;            // since looked_
  std::optional<Clock::time_point> unsynced_;  // since when there is something to sync
  std::unique_ptr<StoreBackup> backup_;        // at work
  std::future<void> checking_;                 // the copy is complete, and read

  std::thread thread_;  // the last: it uses all the others
};

}  // namespace zonda
