// Outcomes until the broker stored them. Sent in order on the sink lane, kept until STORED, sent again after
// a gap or in a new session. Bounded by the worker, which takes no tasks while its outbox is full.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "proto/lane.h"
#include "worker/executor/executor.h"

namespace zonda {

class Outbox {
 public:
  // Outcomes that come together leave together, up to a frame's worth.
  void add(Finished finished);

  // The next frame for the sink, or null if all was sent. Valid until the next call. `header` is completed
  // here.
  const std::string* next_frame(Header header);
  void frame_sent();

  void stored(std::uint64_t upto);   // frames up to this number are safe with the broker
  void resend(std::uint64_t after);  // frames after this number were lost
  void restart();                    // a new session: nothing was sent yet

  std::uint64_t last_sent() const { return sent_; }
  bool empty() const { return entries_.empty(); }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t tasks() const { return tasks_; }
  // All that is in it, for HOLDINGS.
  std::vector<Held> holdings() const;

 private:
  struct Entry {
    std::vector<Finished> ranges;
    std::uint64_t bytes = 0;
    std::uint64_t tasks = 0;
    std::uint64_t last_frame = 0;  // number of its last frame; 0: not sent in this session
  };

  std::deque<Entry> entries_;
  std::size_t next_ = 0;             // the first entry that was not packed
  std::vector<std::string> frames_;  // of the entry that is being sent
  std::size_t frame_ = 0;
  LaneSender lane_;
  std::uint64_t sent_ = 0;
  std::uint64_t first_frame_before_ = 0;  // number of the last frame of the entry before the first one kept
  std::uint64_t bytes_ = 0;
  std::uint64_t tasks_ = 0;
};

}  // namespace zonda
