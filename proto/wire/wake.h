// Ends another thread's wait.
#pragma once

namespace zonda {

// A descriptor that becomes readable when wake() is called and stays so until drain(). Any number of wakes
// before a drain count as one.
class Wake {
 public:
  Wake();
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  void wake() const noexcept;   // from any thread, and from a signal handler
  void drain() const noexcept;  // before looking at what one was woken for, so that no wake is lost
  int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace zonda
