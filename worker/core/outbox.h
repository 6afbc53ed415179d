// Outcomes until the broker stored them. Sent in order on the sink lane, kept until STORED, sent again after
// a gap or in a new session. What memory has no room for waits in a spool; if that takes nothing either, the
// outbox is full, and the worker starts and takes no tasks. Nothing is ever dropped for want of room.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "proto/lane.h"
#include "worker/core/spool.h"
#include "worker/executor/executor.h"

namespace zonda {

class Outbox {
 public:
  Outbox() = default;
  // Keeps about so many bytes in memory, and the others in `spool`. Without one, or when that takes nothing,
  // it is full then; what comes all the same is kept in memory.
  Outbox(std::uint64_t memory_max, Spool* spool) : memory_max_(memory_max), spool_(spool) {}

  // Outcomes that come together leave together, up to a frame's worth.
  void add(Finished finished);

  // The next frame for the sink, or null if all was sent. Valid until the next call; its bytes may be taken
  // if frame_sent() follows. `header` is completed here.
  std::string* next_frame(Header header);
  void frame_sent();

  void stored(std::uint64_t upto);   // frames up to this number are safe with the broker
  void resend(std::uint64_t after);  // frames after this number were lost
  void restart();                    // a new session: nothing was sent yet

  // Moves to the spool what is too much for memory, if it takes it.
  void make_room();
  bool is_full() const { return refused_ && in_memory_ > memory_max_; }
  // The spool did not give back what it was given: those outcomes are not here any more, and no frame follows
  // until the session is begun again, which tells the broker so.
  bool is_damaged() const { return damaged_; }
  std::uint64_t tasks_damaged() const { return tasks_damaged_; }

  // Whether all that is left to send may still grow to a larger frame.
  bool may_wait() const {
    return frame_ == frames_.size() && next_ + 1 == entries_.size() && may_grow(entries_.back());
  }

  std::uint64_t last_sent() const { return sent_; }
  bool empty() const { return entries_.empty(); }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t bytes_in_memory() const { return in_memory_; }
  std::uint64_t bytes_behind() const;  // of these, behind the first entry, which is on its way
  std::uint64_t tasks() const { return tasks_; }
  // All that is in it, for HOLDINGS.
  std::vector<Held> holdings() const;

 private:
  struct Range {
    Finished outcomes;  // without these bytes while they are spooled
    std::size_t kinds = 0;
    std::size_t lengths = 0;
    std::size_t payloads = 0;

    std::uint64_t tasks() const { return lengths / 4; }
  };
  struct Entry {
    std::vector<Range> ranges;
    std::uint64_t bytes = 0;
    std::uint64_t tasks = 0;
    std::uint64_t last_frame = 0;       // number of its last frame; 0: not sent in this session
    std::optional<Spool::Place> place;  // spooled
  };

  static bool may_grow(const Entry& entry);
  static WorkerResults message_of(const Entry& entry, std::string_view read_back);
  bool spool(Entry& entry);
  void forget(const Entry& entry);
  void lose(std::size_t at);

  std::deque<Entry> entries_;
  std::size_t next_ = 0;             // the first entry that was not packed
  std::vector<std::string> frames_;  // of the entry that is being sent
  std::size_t frame_ = 0;
  LaneSender lane_;
  std::uint64_t sent_ = 0;
  std::uint64_t first_frame_before_ = 0;  // number of the last frame of the entry before the first one kept
  std::uint64_t bytes_ = 0;
  std::uint64_t tasks_ = 0;
  std::uint64_t in_memory_ = 0;  // of bytes_
  std::uint64_t memory_max_ = ~std::uint64_t{0};
  Spool* spool_ = nullptr;
  bool refused_ = false;  // the spool took nothing the last time
  bool damaged_ = false;
  std::uint64_t tasks_damaged_ = 0;
};

}  // namespace zonda
