// A spool in memory that fails when the test says so.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "worker/core/spool.h"

namespace zonda {

class MemorySpool final : public Spool {
 public:
  explicit MemorySpool(std::uint64_t bytes_max = ~std::uint64_t{0}) : bytes_max_(bytes_max) {}

  std::optional<Place> put(std::string_view bytes) override {
    if (fails || bytes.size() > bytes_max_ - used_) return std::nullopt;
    used_ += bytes.size();
    kept_[++last_] = bytes;
    return Place{last_, bytes.size(), 0};
  }
  bool get(const Place& place, std::string& bytes) override {
    bytes = kept_.at(place.offset);
    return !is_damaged;
  }
  void release(const Place& place) override {
    used_ -= place.size;
    kept_.erase(place.offset);
  }
  std::size_t count() const { return kept_.size(); }

  bool fails = false;
  bool is_damaged = false;

 private:
  std::uint64_t bytes_max_;
  std::uint64_t used_ = 0;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::string> kept_;
};

}  // namespace zonda
