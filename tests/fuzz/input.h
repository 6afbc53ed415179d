// The bytes of one run, taken apart by a target. When they are used up, everything is zero.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/assert.h"  // an oracle's verdict is an assertion: it stops the run

namespace zonda::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : left_(reinterpret_cast<const char*>(data), size) {}

  bool at_end() const { return left_.empty(); }
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return value;
  }
  bool flag() { return (byte() & 1) != 0; }
  std::uint8_t below(std::uint8_t limit) { return static_cast<std::uint8_t>(byte() % limit); }
  // Mostly small; sometimes where arithmetic could overflow.
  std::uint64_t number() {
    const std::uint8_t value = byte();
    if (value < 0xf0) return value % 24;
    constexpr std::uint64_t kEdges[] = {1ULL << 62, 1ULL << 63, ~0ULL >> 1, ~0ULL - 15, 1ULL << 32, 65'536};
    return kEdges[value % 6] + byte();
  }
  std::string_view bytes(std::size_t size) {
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view chunk() {  // its size comes first
    const std::size_t low = byte();
    return bytes(low | static_cast<std::size_t>(byte()) << 8);
  }
  std::string_view rest() { return bytes(left_.size()); }

 private:
  std::string_view left_;
};

}  // namespace zonda::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
