// SIGTERM and SIGINT as something to poll: blocked in every thread, read from a descriptor.
#pragma once

namespace zonda {

class Signals {
 public:
  Signals();  // blocks them for the calling thread and those it starts
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int fd() const { return fd_; }
  int take();  // the next signal that came; 0: none

 private:
  int fd_;
};

}  // namespace zonda
