// A buffered file descriptor to write to.
#pragma once

#include <string>
#include <string_view>

namespace zonda::cli {

class Sink {
 public:
  explicit Sink(int fd);
  ~Sink();  // flushes what it can
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  void write(
      std::string_view bytes);  // throws OutputClosed if nobody reads, Complaint if it cannot be written
  void flush();

  bool is_terminal() const { return terminal_; }
  std::size_t columns() const;  // of the terminal; 0: it is none

 private:
  int fd_;
  bool terminal_;
  std::string buffer_;
};

}  // namespace zonda::cli
