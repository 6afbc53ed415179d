#include "cli/input_splitter.h"

#include <utility>

namespace zonda::cli {

void InputSplitter::feed(std::string_view bytes, std::vector<std::string>& inputs) {
  for (std::size_t at = 0; (at = bytes.find(delimiter_)) != std::string_view::npos;) {
    rest_.append(bytes.substr(0, at));
    inputs.push_back(std::exchange(rest_, {}));
    bytes.remove_prefix(at + 1);
  }
  rest_.append(bytes);
}

void InputSplitter::finish(std::vector<std::string>& inputs) {
  if (!rest_.empty()) inputs.push_back(std::exchange(rest_, {}));
}

}  // namespace zonda::cli
