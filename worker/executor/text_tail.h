// The last lines of a text that is written piece by piece.
#pragma once

#include <string>
#include <string_view>

namespace zonda {

class TextTail {
 public:
  static constexpr std::size_t kBytesMax = 4096;
  static constexpr int kLinesMax = 20;

  void append(std::string_view bytes) {
    bytes_ += bytes;
    if (bytes_.size() > 2 * kBytesMax) bytes_.erase(0, bytes_.size() - kBytesMax);
  }

  // At most kLinesMax lines and kBytesMax bytes, whole lines if there is more than one.
  std::string text() const {
    std::string_view rest = bytes_;
    bool is_cut = false;
    if (rest.size() > kBytesMax) {
      rest.remove_prefix(rest.size() - kBytesMax);
      is_cut = true;
    }
    std::size_t from = rest.size();
    for (int lines = 0; lines < kLinesMax && from > 0; ++lines) {
      const std::size_t newline = from < 2 ? rest.npos : rest.rfind('\n', from - 2);
      if (newline == rest.npos) {
        const std::size_t first_newline = rest.find('\n');
        const bool drops_a_part = is_cut && lines > 0 && first_newline + 1 < rest.size();
        from = drops_a_part ? first_newline + 1 : 0;
        break;
      }
      from = newline + 1;
    }
    return std::string(rest.substr(from));
  }

 private:
  std::string bytes_;
};

}  // namespace zonda
