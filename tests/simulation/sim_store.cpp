#include "tests/simulation/sim_store.h"

namespace zonda::sim {

std::uint64_t SimStore::commit(std::vector<Record> records) {
  if (!failure_.empty()) return ++taken_;  // nothing is committed after an error
  pending_.push_back(std::move(records));
  sync_later();
  return ++taken_;
}

// Group commit: what came while a sync was under way is in the next one.
void SimStore::sync_later() {
  if (syncing_ > 0) return;
  syncing_ = pending_.size();
  if (by_hand_) return;
  const auto time =
      microseconds(static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(sync_max_.count() + 1)));
  clock_.after(time, [this, life = life_] {
    if (life == life_) sync();
  });
}

void SimStore::sync() {
  if (std::exchange(fails_, false)) {
    failure_ = "cannot sync: Input/output error";
    return on_event_();
  }
  for (; syncing_ > 0; --syncing_) {
    write(std::move(pending_.front()));
    pending_.pop_front();
    ++committed_;
  }
  if (!pending_.empty()) sync_later();
  for (const auto& [after, name] : std::exchange(wanted_, {})) read_after(name, after);
  on_event_();
}

void SimStore::write(std::vector<Record> records) {
  for (const Record& record : records) on_durable_(record);
  disk_.commit(std::move(records));
}

void SimStore::crash(std::optional<std::size_t> kept) {
  ++life_;
  for (std::size_t left = kept ? *kept : random_() % (pending_.size() + 1); left > 0; --left) {
    write(std::move(pending_.front()));
    pending_.pop_front();
  }
  pending_.clear();
  wanted_.clear();
  disk_.take_read();
  syncing_ = 0;
  taken_ = committed_ = 0;
  fails_ = false;
  failure_.clear();
}

// In the order of the commits: what was handed to commit() before can be read.
void SimStore::read(const PayloadName& name) {
  clock_.after(microseconds(static_cast<std::int64_t>(random_() % 3'000)),
               [this, name, life = life_, after = taken_] {
                 if (life == life_) read_after(name, after);
               });
}

void SimStore::read_after(const PayloadName& name, std::uint64_t after) {
  if (!failure_.empty()) return;
  if (committed_ < after) return wanted_.push_back({after, name});
  disk_.read(name);
  on_event_();
}

std::vector<Payload> SimStore::take_read() { return disk_.take_read(); }

}  // namespace zonda::sim
