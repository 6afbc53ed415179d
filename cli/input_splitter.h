// Cuts a stream of bytes into inputs at a delimiter. Nothing else is special: empty inputs are inputs, bytes
// pass unchanged, and the last input needs no delimiter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zonda::cli {

class InputSplitter {
 public:
  explicit InputSplitter(char delimiter) : delimiter_(delimiter) {}

  void feed(std::string_view bytes, std::vector<std::string>& inputs);
  void finish(std::vector<std::string>& inputs);  // at the end of the stream

 private:
  char delimiter_;
  std::string rest_;  // of an input whose end was not seen
};

}  // namespace zonda::cli
