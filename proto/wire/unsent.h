// Frames a full lane did not take.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>
#include <zmq.hpp>

namespace zonda {

// Oldest first. Counts bytes, so that its owner can bound it; an empty frame is not free either.
class Unsent {
 public:
  void push(zmq::message_t frame) {
    bytes_ += cost(frame);
    frames_.push_back(std::move(frame));
  }

  // Offers the oldest frames to `send` (a sent frame becomes empty) until it returns false.
  template <class Send>
  void offer(Send send) {
    while (!frames_.empty()) {
      const std::size_t freed = cost(frames_.front());
      if (!send(frames_.front())) return;
      bytes_ -= freed;
      frames_.pop_front();
    }
  }

  void clear() {
    frames_.clear();
    bytes_ = 0;
  }

  bool empty() const { return frames_.empty(); }
  std::size_t count() const { return frames_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  static std::size_t cost(const zmq::message_t& frame) { return frame.size() + sizeof(zmq::message_t); }

  std::deque<zmq::message_t> frames_;
  std::size_t bytes_ = 0;
};

}  // namespace zonda
