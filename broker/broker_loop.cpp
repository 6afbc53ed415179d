#include "broker/broker_loop.h"

#include <poll.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace zonda {

namespace {

constexpr std::chrono::milliseconds kPutUpEvery{250};

Now read_clocks() { return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()}; }

}  // namespace

void BrokerLoop::begin(Effects& effects) {
  std::optional<Now> now;
  hear_of_keys(now, effects);
  remember(effects);
  speak();
  if (board_ != nullptr) put_up(read_clocks());
}

void BrokerLoop::put_up(const Now& now) {
  board_->put_up(core_.snapshot(now));
  put_up_due_ = now.steady + kPutUpEvery;
}

void BrokerLoop::turn(TimePoint latest) {
  Effects effects;
  std::optional<Now> now;  // read once, after the wait: decisions of a turn agree on the time
  wire_.receive_until(std::min({core_.next_deadline(), put_up_due_, latest}),
                      [&](Connection from, ArrivedFrame frame) {
                        if (!now) now = read_clocks();
                        hear_of_keys(now, effects);
                        core_.handle(from, std::move(frame), *now, effects);
                      });
  if (!now) now = read_clocks();
  for (const Payload& payload : store_.take_read()) core_.loaded(payload, *now, effects);
  if (const auto ended = store_.take_backup()) core_.backed_up(*ended, effects);
  hear_of_keys(now, effects);
  for (const Connection connection : wire_.take_gone()) core_.connection_gone(connection, *now, effects);
  speak();
  core_.set_disk_nearly_full(store_.is_nearly_full());
  core_.settle(*now, effects);
  remember(effects);
  speak();
  wire_.read_sink(core_.reads_sink());
  if (now->steady >= put_up_due_) put_up(*now);
}

// Whoever was admitted by a new list is in it by the time it is heard; and of a key that has expired the news
// are later than the turn's begin.
void BrokerLoop::hear_of_keys(std::optional<Now>& now, Effects& effects) {
  if (keyring_ == nullptr || !keyring_->has_news()) return;
  now = read_clocks();
  const Keyring::News news = keyring_->take();
  effects.events.insert(effects.events.end(), news.events.begin(), news.events.end());
  core_.count_refused_keys(news.refused);
  if (news.keys) core_.set_keys(news.keys, *now, effects);
  for (const auto& [pending, why_not] : news.enrolled) core_.enrolled(pending, why_not, effects);
}

void BrokerLoop::remember(Effects& effects) {
  for (const std::string& event : effects.events) on_event_(event);
  for (PendingEnrolment& pending : effects.enrolments) keyring_->enrol(std::move(pending));
  if (effects.records.empty() && held_.empty()) {
    for (Effects::Outgoing& outgoing : effects.frames) wire_.send(outgoing.to, std::move(outgoing.frame));
  } else if (!effects.records.empty() || !effects.frames.empty()) {  // or each commit would cause the next
    const std::uint64_t bytes = bytes_of(effects.records);
    held_bytes_ += bytes;
    held_.push_back({store_.commit(std::move(effects.records)), bytes, std::move(effects.frames)});
  }
  for (const PayloadName& name : effects.reads) store_.read(name);
  if (!effects.backup.empty()) store_.backup_to(effects.backup);
}

// Nothing is said before it is remembered, and nothing overtakes: frames of a session are numbered.
void BrokerLoop::speak() {
  const std::uint64_t committed = store_.committed();
  for (; !held_.empty() && held_.front().commit <= committed; held_.pop_front()) {
    held_bytes_ -= held_.front().bytes;
    for (Effects::Outgoing& outgoing : held_.front().frames)
      wire_.send(outgoing.to, std::move(outgoing.frame));
  }
  core_.set_backlog(held_bytes_);
  if (const std::string failure = store_.failure(); !failure.empty()) throw std::runtime_error(failure);
}

void BrokerLoop::stop() {
  Effects effects;
  core_.stop(effects);
  remember(effects);
  for (speak(); !held_.empty(); speak()) {
    pollfd stored{store_.event_fd(), POLLIN, 0};
    poll(&stored, 1, -1);  // EINTR: looks again
  }
}

}  // namespace zonda
