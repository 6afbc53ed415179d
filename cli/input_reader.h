// Reads inputs on a thread of its own, so that a slow producer never holds up results. Reads ahead only a
// little: the producer is slowed down to the speed of the work.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cli/input_splitter.h"

namespace zonda::cli {

class InputReader {
 public:
  // `on_input` is called on the reader's thread whenever there is something to take.
  InputReader(int fd, char delimiter, std::function<void()> on_input);
  ~InputReader();
  InputReader(const InputReader&) = delete;
  InputReader& operator=(const InputReader&) = delete;

  struct Taken {
    std::vector<std::string> inputs;
    bool end = false;  // nothing comes after them
  };
  // All that was read; throws Complaint if reading failed.
  Taken take();

 private:
  void read_all();
  bool wait_readable() const;
  bool hand_over(std::vector<std::string>& inputs, bool end, int error);

  int fd_;
  int stop_;  // eventfd
  InputSplitter splitter_;
  std::function<void()> on_input_;
  std::mutex mutex_;
  std::condition_variable taken_;
  std::vector<std::string> inputs_;
  bool end_ = false;
  bool stopping_ = false;
  int error_ = 0;
  std::thread thread_;
};

}  // namespace zonda::cli
