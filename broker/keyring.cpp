#include "broker/keyring.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>
#include <utility>

namespace zonda {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 500ms;
constexpr auto kSettled = 100ms;
constexpr auto kNap = 10ms;
constexpr std::size_t kWantedMax = 1'000;
constexpr std::size_t kAtOnce = 16;  // between two looks at the list

}  // namespace

Keyring::Keyring(ZmqContext& context, KeyDirectory directory)
    : directory_(std::move(directory)), broker_key_(directory_.broker_key()) {
  read_ = see();
  std::vector<std::string> complaints;
  keys_ = std::make_shared<AuthorizedKeys>(directory_.authorized(complaints));
  for (const std::string& complaint : complaints) tell("key-ignored " + complaint);
  publish();
  admission_ = std::make_unique<Admission>(context, keys_, [this] { look_patiently(); });
  thread_ = std::thread([this] { work(); });
}

Keyring::~Keyring() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  asked_.notify_one();
  thread_.join();
  admission_.reset();  // its thread looks at the rest
}

Keyring::News Keyring::take() {
  wake_.drain();
  const std::lock_guard lock(mutex_);
  has_news_ = false;
  return std::exchange(news_, {});
}

void Keyring::enrol(PendingEnrolment pending) {
  {
    const std::lock_guard lock(mutex_);
    if (wanted_.size() >= kWantedMax) return;  // who asked asks again
    wanted_.push_back(std::move(pending));
  }
  asked_.notify_one();
}

void Keyring::work() {
  for (;;) {
    std::vector<PendingEnrolment> wanted;
    {
      std::unique_lock lock(mutex_);
      asked_.wait_for(lock, kLook, [this] { return ending_ || !wanted_.empty(); });
      if (ending_) return;
      const auto some = wanted_.begin() + static_cast<std::ptrdiff_t>(std::min(wanted_.size(), kAtOnce));
      wanted.assign(std::move_iterator(wanted_.begin()), std::move_iterator(some));
      wanted_.erase(wanted_.begin(), some);
    }
    if (!wanted.empty()) carry_out(wanted);
    look();
    look_for_refusals();
  }
}

// Who is enrolled is admitted before it hears so.
void Keyring::carry_out(const std::vector<PendingEnrolment>& wanted) {
  std::vector<std::pair<PendingEnrolment, std::string>> done;
  for (const PendingEnrolment& pending : wanted) {
    std::string why_not;
    try {
      why_not = directory_.enrol(pending.enrolment, std::chrono::system_clock::now());
    } catch (const KeyFileError& error) {
      tell("enrolment-failed name=" + pending.enrolment.name + ": " + error.what());
      why_not = "the broker cannot change its list of keys";
    }
    if (why_not.empty()) tell("enrolled name=" + pending.enrolment.name);
    done.emplace_back(pending, why_not);
  }
  {
    const std::lock_guard lock(list_mutex_);
    if (const Seen seen = see(); seen != read_) read_list(seen);
  }
  const std::lock_guard lock(mutex_);
  news_.enrolled.insert(news_.enrolled.end(), done.begin(), done.end());
  has_news_ = true;
  wake_.wake();
}

// Whoever writes the list in place may be half done: it is read when it has not changed for a moment.
void Keyring::look() {
  const std::lock_guard lock(list_mutex_);
  const Seen seen = see();
  if (seen != read_ && seen.is_settled()) read_list(seen);
  if (next_expiry_ && *next_expiry_ <= std::chrono::system_clock::now()) publish();
}

// Before a key is refused, since it may just have been added.
void Keyring::look_patiently() {
  for (auto waited = 0ms; !see().is_settled() && waited < 2 * kSettled; waited += kNap)
    std::this_thread::sleep_for(kNap);
  look();
}

void Keyring::read_list(const Seen& seen) {
  try {
    std::vector<std::string> complaints;
    auto keys = std::make_shared<AuthorizedKeys>(directory_.authorized(complaints));
    if (see() != seen) return;
    for (const std::string& complaint : complaints) tell("key-ignored " + complaint);
    tell("keys-read count=" + std::to_string(keys->all().size()));
    keys_ = std::move(keys);
    read_ = seen;
    last_error_.clear();
  } catch (const KeyFileError& error) {
    if (std::exchange(last_error_, error.what()) != error.what())
      tell(std::string("keys-unreadable those from before still count: ") + error.what());
    return;
  }
  publish();
  admission_->set_keys(keys_);
}

void Keyring::publish() {
  next_expiry_ = keys_->next_expiry(std::chrono::system_clock::now());
  const std::lock_guard lock(mutex_);
  news_.keys = keys_;
  has_news_ = true;
  wake_.wake();
}

void Keyring::look_for_refusals() {
  std::vector<Admission::Refusal> first;
  std::uint64_t refused = admission_->take_refusals(first);
  refused -= std::erase_if(first, [&](const auto& each) { return each.key == stranger_.public_key; });
  if (refused == 0) return;
  for (const Admission::Refusal& refusal : first)
    tell("key-refused key=" + to_string(refusal.key) + " from=" + refusal.address +
         " reason=" + refusal.reason);
  if (refused > first.size()) tell("key-refused and " + std::to_string(refused - first.size()) + " more");
  const std::lock_guard lock(mutex_);
  news_.refused += refused;
  has_news_ = true;
  wake_.wake();
}

void Keyring::tell(std::string event) {
  const std::lock_guard lock(mutex_);
  news_.events.push_back(std::move(event));
  has_news_ = true;
  wake_.wake();
}

// A clock that is behind the file system's tells nothing.
bool Keyring::Seen::is_settled() const {
  const std::chrono::nanoseconds age =
      std::chrono::system_clock::now().time_since_epoch() - std::chrono::nanoseconds(changed_ns);
  return age >= kSettled || age < 0ns;
}

Keyring::Seen Keyring::see() const {
  struct stat info {};
  if (stat(directory_.list_path().c_str(), &info) != 0) return {};
  return {info.st_ino, static_cast<std::uint64_t>(info.st_size),
          std::int64_t{info.st_ctim.tv_sec} * 1'000'000'000 + info.st_ctim.tv_nsec};
}

}  // namespace zonda
