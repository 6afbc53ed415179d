// Which states were met, and with how many deviations left. One word a state: 62 bits of its digest and the
// number.
#pragma once

#include <cstdint>
#include <vector>

namespace zonda::sim {

class SeenStates {
 public:
  static constexpr std::uint64_t kLeftMax = 2;

  // False if it was met with so many left, or more.
  bool insert(std::uint64_t digest, std::uint64_t left) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    std::uint64_t& slot = find(digest);
    if (slot != 0 && (slot & 3) >= left + 1) return false;
    if (slot == 0) ++size_;
    slot = (digest & ~std::uint64_t{3}) | (left + 1);  // never 0: that is an empty slot
    return true;
  }
  std::uint64_t size() const { return size_; }

 private:
  std::uint64_t& find(std::uint64_t digest) {
    const std::uint64_t mask = slots_.size() - 1;
    std::uint64_t at = (digest >> 2) & mask;
    while (slots_[at] != 0 && (slots_[at] | 3) != (digest | 3)) at = (at + 1) & mask;
    return slots_[at];
  }
  void grow() {
    std::vector<std::uint64_t> old(slots_.empty() ? 1024 : 2 * slots_.size());
    old.swap(slots_);
    for (const std::uint64_t word : old) {
      if (word != 0) find(word) = word;
    }
  }

  std::vector<std::uint64_t> slots_;
  std::uint64_t size_ = 0;
};

}  // namespace zonda::sim
