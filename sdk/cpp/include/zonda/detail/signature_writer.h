// Collects the text of a signature.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

namespace zonda::detail {

class SignatureWriter {
 public:
  SignatureWriter& operator<<(std::string_view text) {
    text_.append(text);
    return *this;
  }

  // Own types are written between enter and leave. enter() is false for one that is being written already: it
  // contains itself, and its text would have no end.
  bool enter(std::type_index type) {
    if (std::find(inside_.begin(), inside_.end(), type) != inside_.end()) return false;
    inside_.push_back(type);
    return true;
  }
  void leave() { inside_.pop_back(); }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::vector<std::type_index> inside_;
};

}  // namespace zonda::detail
