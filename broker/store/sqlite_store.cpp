#include "broker/store/sqlite_store.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <utility>

#include "broker/store/store_error.h"

namespace zonda {
namespace {

using namespace std::chrono_literals;

constexpr auto kTouchEach = 1s;                        // how exactly downtime() is known
constexpr auto kSyncWithin = 50ms;                     // of Durability::Batch
constexpr auto kCheckEach = 20ms;                      // whether a copy is checked
constexpr auto kLookEach = 500ms;                      // at the room on the disk
constexpr std::uint64_t kLookBytes = 8 << 20;          // written since
constexpr std::uint64_t kTransactionBytes = 32 << 20;  // more wait for the next, so that these are heard of

// What changed.
constexpr std::uint8_t kCommitted = 1;
constexpr std::uint8_t kFailed = 2;
constexpr std::uint8_t kRead = 4;
constexpr std::uint8_t kBackedUp = 8;
constexpr std::uint8_t kRoom = 16;

// `reusable` bytes of the database are free. The log has to grow in any case.
bool disk_is_nearly_full(const std::string& path, std::uint64_t reusable) {
  constexpr std::uint64_t kForLog = 2 << 20;
  constexpr std::uint64_t kLeast = 16 << 20;
  constexpr std::uint64_t kMost = 1 << 30;
  struct statvfs status {};
  if (statvfs(path.c_str(), &status) != 0) return false;  // writing will tell
  const std::uint64_t size = std::uint64_t{status.f_frsize} * status.f_blocks;
  const std::uint64_t left = std::uint64_t{status.f_frsize} * status.f_bavail;
  return left < kForLog || left + reusable < std::clamp(size / 20, kLeast, kMost);
}

DataDirectory with_store(DataDirectory directory) {
  if (!directory.has_store()) StoreFile::create(directory, StoreFile::new_state());
  return directory;
}

}  // namespace

std::unique_ptr<SqliteStore> SqliteStore::open(DataDirectory directory, const StoreOptions& options) {
  const bool is_new = !directory.has_store();
  return std::unique_ptr<SqliteStore>(new SqliteStore(with_store(std::move(directory)), options, is_new));
}

SqliteStore::SqliteStore(DataDirectory directory, const StoreOptions& options, bool is_new)
    : durability_(options.durability),
      path_(directory.path()),
      file_(std::move(directory), options),
      id_(file_.state().store),
      epoch_(file_.state().epoch),
      downtime_(is_new ? std::chrono::nanoseconds(0) : file_.downtime()),
      last_(file_.state().commit),
      committed_(last_),
      touched_(Clock::now()) {
  look_at_room();
  thread_ = std::thread([this] { run(); });
}

SqliteStore::~SqliteStore() {
  interrupted_ = true;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  work_.notify_one();
  thread_.join();
}

std::uint64_t SqliteStore::commit(std::vector<Record> records) {
  const std::lock_guard lock(mutex_);
  queue_.push_back({++last_, std::move(records)});
  work_.notify_one();
  return last_;
}

void SqliteStore::read(const PayloadName& name) {
  const std::lock_guard lock(mutex_);
  reads_.push_back({last_, name});
  work_.notify_one();
}

std::uint64_t SqliteStore::committed() const {
  heard(kCommitted);
  return committed_.load(std::memory_order_acquire);
}

std::string SqliteStore::failure() const {
  heard(kFailed);
  const std::lock_guard lock(mutex_);
  return failure_;
}

bool SqliteStore::is_nearly_full() const {
  heard(kRoom);
  return nearly_full_;
}

std::vector<Payload> SqliteStore::take_read() {
  heard(kRead);
  const std::lock_guard lock(mutex_);
  return std::exchange(read_, {});
}

void SqliteStore::backup_to(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  backup_wanted_ = directory;
  work_.notify_one();
}

std::optional<std::string> SqliteStore::take_backup() {
  heard(kBackedUp);
  const std::lock_guard lock(mutex_);
  return std::exchange(backed_up_, std::nullopt);
}

void SqliteStore::replay(std::uint64_t payload_bytes, const std::function<void(Record&)>& apply) try {
  const std::lock_guard lock(file_mutex_);
  file_.replay(payload_bytes, apply);
} catch (const StoreError& error) {
  fail(error.what());
  throw;
}

// The descriptor stays readable until all that changed was looked at: looking at one thing hides no other.
void SqliteStore::tell(std::uint8_t what) {
  const std::lock_guard lock(told_mutex_);
  if (told_.fetch_or(what) == 0) wake_.wake();
}

void SqliteStore::heard(std::uint8_t what) const {
  if ((told_.load(std::memory_order_acquire) & what) == 0) return;
  const std::lock_guard lock(told_mutex_);
  if ((told_.fetch_and(static_cast<std::uint8_t>(~what)) & ~what) == 0) wake_.drain();
}

void SqliteStore::publish(std::uint64_t number) {
  committed_.store(number, std::memory_order_release);
  tell(kCommitted);
}

void SqliteStore::fail(const std::string& sentence) {
  interrupted_ = true;
  {
    const std::lock_guard lock(mutex_);
    if (failure_.empty()) failure_ = sentence;
  }
  tell(kFailed);
}

void SqliteStore::run() {
  try {
    while (work_once()) {
    }
    const std::lock_guard lock(file_mutex_);
    backup_.reset();
    file_.close();
  } catch (const StoreError& error) {
    fail(error.what());
  } catch (const std::exception& error) {  // a row that cannot be read, or no memory
    fail("the store in " + path_ + " failed: " + error.what());
  }
}

bool SqliteStore::work_once() {
  std::unique_lock lock(mutex_);
  const auto is_due = [&] {
    return closing_ || !queue_.empty() || !reads_.empty() || !failure_.empty() || backup_ ||
           (!backup_wanted_.empty() && !checking_.valid());
  };
  work_.wait_until(lock, next_upkeep(), is_due);
  if (!failure_.empty()) throw StoreError(failure_);
  if (closing_ && queue_.empty()) return false;
  const Work work = take_work(lock);
  const std::lock_guard file_lock(file_mutex_);
  if (!work.commits.empty()) write(work);
  serve_reads(work.reads);
  copy_some();
  upkeep();
  return true;
}

// Reads go with the commits that came before them: they find what these wrote, and wait for no others.
SqliteStore::Work SqliteStore::take_work(std::unique_lock<std::mutex>& lock) {
  Work work;
  std::uint64_t bytes = 0;
  while (!queue_.empty() && bytes < kTransactionBytes) {
    bytes += bytes_of(queue_.front().records);
    work.commits.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  const std::uint64_t upto = queue_.empty() ? last_ : queue_.front().number - 1;
  for (; !reads_.empty() && reads_.front().after <= upto; reads_.pop_front())
    work.reads.push_back(reads_.front().name);
  lock.unlock();
  written_bytes_ += bytes;
  return work;
}

void SqliteStore::write(const Work& work) {
  bool any = false;
  for (const Commit& each : work.commits) {
    file_.apply(each.records);
    any = any || !each.records.empty();
  }
  const std::uint64_t number = work.commits.back().number;
  if (any) {
    file_.finish(number);
    if (durability_ == Durability::Batch && !unsynced_) unsynced_ = Clock::now();
  }
  publish(number);
}

void SqliteStore::serve_reads(const std::vector<PayloadName>& names) {
  for (const PayloadName& name : names) {
    Payload payload = file_.read(name);
    const std::lock_guard lock(mutex_);
    read_.push_back(std::move(payload));
  }
  if (!names.empty()) tell(kRead);
}

// What goes wrong here is the copy's trouble: the store goes on, also while the copy is checked.
void SqliteStore::copy_some() {
  std::string wanted;
  {
    const std::lock_guard lock(mutex_);
    if (!backup_ && !checking_.valid()) wanted = std::exchange(backup_wanted_, {});
  }
  try {
    if (!wanted.empty()) backup_ = file_.begin_backup(wanted);
    if (backup_ && backup_->step()) {
      backup_->close(file_.state());
      checking_ =
          std::async(std::launch::async, [this, copy = std::move(backup_)] { copy->finish(interrupted_); });
    }
    if (!checking_.valid() || checking_.wait_for(0s) != std::future_status::ready) return;
    checking_.get();
    end_backup("");
  } catch (const std::exception& failed) {
    end_backup(failed.what());
  }
}

void SqliteStore::end_backup(const std::string& error) {
  backup_.reset();
  {
    const std::lock_guard lock(mutex_);
    backed_up_ = error;
  }
  tell(kBackedUp);
}

SqliteStore::Clock::time_point SqliteStore::next_upkeep() const {
  Clock::time_point next = touched_ + kTouchEach;
  if (unsynced_) next = std::min(next, *unsynced_ + kSyncWithin);
  if (nearly_full_) next = std::min(next, looked_ + kLookEach);
  if (checking_.valid()) next = std::min(next, Clock::now() + kCheckEach);
  return next;
}

void SqliteStore::upkeep() {
  const Clock::time_point now = Clock::now();
  if (unsynced_ && now >= *unsynced_ + kSyncWithin) {
    file_.sync();
    unsynced_.reset();
  }
  if (now >= touched_ + kTouchEach) {
    file_.touch();
    touched_ = now;
  }
  if (written_bytes_ >= kLookBytes || now >= looked_ + kLookEach) look_at_room();
  file_.checkpoint_if_due();
}

void SqliteStore::look_at_room() {
  const bool nearly_full = disk_is_nearly_full(path_, file_.free_bytes());
  if (nearly_full_.exchange(nearly_full) != nearly_full) tell(kRoom);
  looked_ = Clock::now();
  written_bytes_ = 0;
}

}  // namespace zonda
