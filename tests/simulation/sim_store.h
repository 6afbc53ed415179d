// A disk that takes time and can fail. What was committed is safe once it was synced; a crash keeps a part of
// what was on its way, in order, and loses the rest.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "broker/store/memory_store.h"
#include "tests/simulation/sim_clock.h"

namespace zonda::sim {

class SimStore final : public Store {
 public:
  using OnDurable = std::function<void(const Record&)>;
  using OnEvent = std::function<void()>;  // committed() or failure() changed, or a payload was read

  SimStore(SimClock& clock, std::mt19937_64& random, OnDurable on_durable)
      : clock_(clock), random_(random), on_durable_(std::move(on_durable)) {}

  void set_on_event(OnEvent on_event) { on_event_ = std::move(on_event); }
  void set_sync_max(microseconds time) { sync_max_ = time; }
  void fail_next_sync() { fails_ = true; }
  void set_nearly_full(bool on) { nearly_full_ = on; }
  // The process dies: of the commits that were not synced, the first few may be on the disk all the same; as
  // many as is said, or as chance has it.
  void crash(std::optional<std::size_t> kept = {});
  // A copy is made of what is on the disk; later, after a crash, it takes the place of that.
  void back_up() { backup_ = disk_; }
  bool has_backup() const { return backup_.has_value(); }
  void set_back() { disk_ = *backup_; }
  // Syncs end when they are told to, not with time.
  void sync_by_hand() { by_hand_ = true; }
  bool is_syncing() const { return syncing_ > 0; }
  void end_sync() { sync(); }
  std::size_t pending() const { return pending_.size(); }
  bool idle() const { return pending_.empty(); }

  std::uint64_t commit(std::vector<Record> records) override;
  std::uint64_t committed() const override { return committed_; }
  int event_fd() const override { return -1; }
  std::string failure() const override { return failure_; }
  bool is_nearly_full() const override { return nearly_full_; }
  void replay(std::uint64_t payload_bytes, const std::function<void(Record&)>& apply) override {
    disk_.replay(payload_bytes, apply);
  }
  void read(const PayloadName& name) override;
  std::vector<Payload> take_read() override;

 private:
  void sync_later();
  void sync();
  void write(std::vector<Record> records);
  void read_after(const PayloadName& name, std::uint64_t commit);

  SimClock& clock_;
  std::mt19937_64& random_;
  OnDurable on_durable_;
  OnEvent on_event_;
  MemoryStore disk_{Keep::Records};
  std::optional<MemoryStore> backup_;
  std::deque<std::vector<Record>> pending_;  // not synced
  std::size_t syncing_ = 0;                  // so many of them with the sync that is under way
  std::vector<std::pair<std::uint64_t, PayloadName>> wanted_;  // and the commit it waits for
  std::uint64_t taken_ = 0;
  std::uint64_t committed_ = 0;
  microseconds sync_max_{2'000};
  bool by_hand_ = false;
  bool fails_ = false;
  bool nearly_full_ = false;
  std::string failure_;
  std::uint64_t life_ = 0;  // grows with every crash: events of before mean nothing
};

}  // namespace zonda::sim
